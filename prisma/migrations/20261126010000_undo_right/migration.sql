-- The right to undo changes: one for each account, which reserves the address that it belongs to.

CREATE TABLE "UndoRight" (
    "userId" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "authenticatorId" UUID,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    -- One right for each account.
    CONSTRAINT "UndoRight_pkey" PRIMARY KEY ("userId"),
    CONSTRAINT "UndoRight_expires_after_birth" CHECK ("expiresAt" > "createdAt")
);
CREATE UNIQUE INDEX "UndoRight_address_key" ON "UndoRight"("address");
CREATE INDEX "UndoRight_expiresAt_idx" ON "UndoRight"("expiresAt");
ALTER TABLE "UndoRight" ADD CONSTRAINT "UndoRight_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- No account takes an address that is reserved for another one. The function runs after the unique index
-- of addresses has let the row pass. An address becomes reserved only in a transaction whose account has
-- it, and the index waits for that transaction, so a new snapshot sees every reservation. An expired one
-- is deleted under its row lock: a parallel extension of the same right is either seen or prevented.
CREATE FUNCTION "refuse_reserved_address"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM "UndoRight"
        WHERE "address" = NEW."email" AND "userId" <> NEW."id" AND "expiresAt" <= now();
    IF EXISTS (SELECT FROM "UndoRight" WHERE "address" = NEW."email" AND "userId" <> NEW."id") THEN
        RAISE EXCEPTION 'the address is reserved for another account'
            USING ERRCODE = 'unique_violation', TABLE = 'User', CONSTRAINT = 'User_email_not_reserved';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "User_email_not_reserved" AFTER INSERT OR UPDATE OF "email" ON "User"
    FOR EACH ROW EXECUTE FUNCTION "refuse_reserved_address"();

-- Links of earlier versions: the oldest one of an account is the way back to its owner. The others are void.
INSERT INTO "UndoRight" ("userId", "address", "authenticatorId", "createdAt", "expiresAt")
    SELECT l."userId", l."address",
        (SELECT a."id" FROM "Authenticator" a WHERE a."userId" = l."userId" AND a."createdAt" < l."createdAt"),
        l."createdAt", l."expiresAt"
    FROM "Link" l JOIN "User" u ON u."id" = l."userId"
    WHERE l."purpose" = 'email_change_undo' AND l."supersededAt" IS NULL AND l."redeemedAt" IS NULL
        AND l."expiresAt" > now() AND u."isActive"
        AND NOT EXISTS (SELECT FROM "User" o WHERE o."email" = l."address" AND o."id" <> l."userId")
    ORDER BY l."createdAt"
    ON CONFLICT DO NOTHING;

-- A right belongs to the address that the account has when the right arises.
CREATE FUNCTION "refuse_foreign_undo_right"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW."address" = OLD."address" THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM "User" WHERE "id" = NEW."userId" AND "email" = NEW."address") THEN
        RAISE EXCEPTION 'an undo right belongs to the address of its account' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "UndoRight_own_address" BEFORE INSERT OR UPDATE OF "address" ON "UndoRight"
    FOR EACH ROW EXECUTE FUNCTION "refuse_foreign_undo_right"();
