-- Accounts that their owners want deleted. They are disabled, and erased when their term is over.

CREATE TABLE "AccountDeletion" (
    "userId" UUID NOT NULL,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL,
    "eraseAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "AccountDeletion_pkey" PRIMARY KEY ("userId"),
    CONSTRAINT "AccountDeletion_erased_after_request" CHECK ("eraseAt" >= "requestedAt")
);
CREATE INDEX "AccountDeletion_eraseAt_idx" ON "AccountDeletion"("eraseAt");
ALTER TABLE "AccountDeletion" ADD CONSTRAINT "AccountDeletion_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whoever enables an account keeps it: by an undo, by a command, also one of an earlier version, or by hand.
CREATE FUNCTION "keep_enabled_account"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM "AccountDeletion" WHERE "userId" = NEW."id";
    RETURN NULL;
END
$$;
CREATE TRIGGER "User_enabled_is_kept" AFTER UPDATE OF "isActive" ON "User"
    FOR EACH ROW WHEN (NEW."isActive" AND NOT OLD."isActive") EXECUTE FUNCTION "keep_enabled_account"();

-- Only a disabled account waits for its deletion. The row lock of the account orders this with its enabling.
CREATE FUNCTION "refuse_deletion_of_active"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM "User" WHERE "id" = NEW."userId" AND NOT "isActive" FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an active account does not wait for its deletion' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "AccountDeletion_of_disabled" BEFORE INSERT ON "AccountDeletion"
    FOR EACH ROW EXECUTE FUNCTION "refuse_deletion_of_active"();

ALTER TYPE "LinkPurpose" ADD VALUE 'account_deletion_undo';

-- A new value of a type cannot be used in the transaction that adds it, so the check compares texts.
ALTER TABLE "Link" DROP CONSTRAINT "Link_epoch_of_credentials";
ALTER TABLE "Link" ADD CONSTRAINT "Link_epoch_of_credentials" CHECK (CASE "purpose"::text
    WHEN 'email_change_undo' THEN "credentialEpoch" IS NULL
    WHEN 'account_deletion_undo' THEN "credentialEpoch" IS NULL
    -- An earlier version of the service, which may still run beside this one, gives it the epoch.
    WHEN 'invitation' THEN true
    ELSE "credentialEpoch" IS NOT NULL END);

-- Finds the mails about erased accounts, which are removed as soon as they are settled.
CREATE INDEX "Mail_of_erased_idx" ON "Mail"("settledAt") WHERE "template" = 'account-deleted';

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126081000_account_deletion', '0.1.0');
