-- Several sign-ups with one address may wait for their confirmation, each with a live link of its own.

-- Numbers the pending sign-ups of an account, at most five; 0 for every other link.
ALTER TABLE "Link" ADD COLUMN "slot" SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE "Link" ADD CONSTRAINT "Link_slot_of_sign_up"
    CHECK ("slot" = 0 OR ("purpose" = 'email_verification' AND "slot" BETWEEN 1 AND 4));

-- One live link per account, purpose and slot.
CREATE UNIQUE INDEX "Link_one_live_in_slot" ON "Link"("userId", "purpose", "slot")
    WHERE "supersededAt" IS NULL AND "purpose" <> 'email_change_undo';
DROP INDEX "Link_one_live";
