-- Budgets refill continuously. The new columns are empty in rows that an earlier version has written;
-- this version reads "failures" and "blockedUntil" of such rows, so a block outlasts the upgrade.

ALTER TABLE "AttemptBudget" ADD COLUMN "fullAt" TIMESTAMPTZ(6);
ALTER TABLE "AttemptBudget" ADD COLUMN "waitSeconds" DOUBLE PRECISION;
ALTER TABLE "AttemptBudget" ALTER COLUMN "failures" SET DEFAULT 0;
