-- Instances may sign with different algorithms: each has an active and a next key of its own.
DROP INDEX "SigningKey_one_active";
DROP INDEX "SigningKey_one_next";
CREATE UNIQUE INDEX "SigningKey_one_active" ON "SigningKey"("algorithm") WHERE "state" = 'active';
CREATE UNIQUE INDEX "SigningKey_one_next" ON "SigningKey"("algorithm") WHERE "state" = 'next';
