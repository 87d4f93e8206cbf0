-- The daily purge looks for old mails in batches, and read the whole table for each.
CREATE INDEX "Mail_settledAt_idx" ON "Mail"("settledAt");
