-- What a session remembers of its refresh tokens. All columns may be left out by an earlier version of
-- the service that runs beside this one: it goes on with "jti", "previousJti" and "rotatedAt".
ALTER TABLE "Session"
  ADD COLUMN "usedBeforeJti" UUID,
  ADD COLUMN "generation" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "nextAt" TIMESTAMPTZ(3);
