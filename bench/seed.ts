type Query = (text: string, values?: unknown[]) => Promise<unknown[]>

/** A UUID v7 in SQL: ordered by time, as the service makes them. */
const idAt = (at: string) => `(lpad(to_hex((extract(epoch FROM ${at}) * 1000)::int8), 12, '0')
  || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid`

/** Moment `n` of `count`, spread evenly over the last days. */
const spread = (days: number, count = 'people') =>
  `now() - interval '${days} days' + n * interval '${days} days' / ${count}`

const tables = [
  // Two sessions each. Of the older ones a part has ended, but not long enough ago to be removed.
  `INSERT INTO "User" ("id", "email", "emailVerifiedAt", "passwordHash", "firstName", "createdAt")
   SELECT ${idAt(spread(700))}, 'somebody-' || n || '@example.test', now(), '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$bm9ib2R5', 'Some', ${spread(700)}
   FROM generate_series(1, people) AS n;
   CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS SELECT "id", row_number() OVER ()::int4 AS n FROM "User";
   CREATE INDEX ON seeded (n)`,
  `INSERT INTO "Session" ("id", "userId", "jti", "previousJti", "rotatedAt", "createdAt", "authTime", "amr", "transport", "lastUsedAt", "expiresAt", "ip", "userAgent")
   SELECT ${idAt(spread(60, '(2 * people)'))}, u."id", gen_random_uuid(), gen_random_uuid(), now(), ${spread(60, '(2 * people)')}, now(), '{pwd}', 'cookie', now(),
     now() + interval '14 days' - (n % 20) * interval '1 day', '192.0.2.7',
     'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
   FROM generate_series(1, 2 * people) AS n JOIN (SELECT "id", n AS nth FROM seeded) u ON u.nth = 1 + n % people`,
  `INSERT INTO "Authenticator" ("id", "userId", "sealedSecret", "keyId", "lastStep", "createdAt")
   SELECT ${idAt(spread(60))}, u."id", 'sealed', 'key', 0, now() FROM seeded u WHERE n % 10 = 0`,
  // The newest hundred are open in every size, so that a page of them lists as many.
  `INSERT INTO "Invitation" ("id", "userId", "role", "createdAt", "acceptedAt")
   SELECT ${idAt(spread(700))}, u."id", 0, ${spread(700)}, CASE WHEN n <= people - 600 THEN now() END FROM seeded u WHERE n % 6 = 0`,
  `INSERT INTO "Link" ("id", "userId", "purpose", "digest", "address", "createdAt", "expiresAt")
   SELECT ${idAt(spread(1))}, i."userId", 'invitation', md5('invitation' || n), '', now(), now() + interval '7 days'
   FROM "Invitation" i JOIN seeded u ON u."id" = i."userId" WHERE i."acceptedAt" IS NULL`,
  `INSERT INTO "Link" ("id", "userId", "purpose", "digest", "address", "credentialEpoch", "createdAt", "expiresAt", "redeemedAt")
   SELECT ${idAt(spread(30))}, u."id", 'email_verification', md5(n::text), '', 0, ${spread(30)}, now() - interval '1 day' * (n % 29) + interval '40 days', now()
   FROM seeded u WHERE n % 5 = 0`,
  `INSERT INTO "Mail" ("id", "userId", "template", "recipient", "locale", "params", "state", "nextAttemptAt", "createdAt", "settledAt")
   SELECT ${idAt(spread(29))}, u."id", 'email-verification', '', 'en', '{}', 'sent', now(), ${spread(29)}, ${spread(29)} FROM seeded u WHERE n % 2 = 0`,
  `INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "actorId", "subjectId", "network", "details")
   SELECT ${idAt(spread(300, '(2 * people)'))}, ${spread(300, '(2 * people)')}, 'login', 'success', u."id", u."id", '192.0.2.0', '{}'
   FROM generate_series(1, 2 * people) AS n JOIN (SELECT "id", n AS nth FROM seeded) u ON u.nth = 1 + n % people`,
  `INSERT INTO "AttemptBudget" ("key", "expiresAt", "fullAt") SELECT md5(n::text), now() + interval '1 day', now() FROM seeded WHERE n % 4 = 0`,
  `INSERT INTO "RequestCount" ("key", "count", "resetsAt") SELECT md5(n::text), 1, now() + interval '1 day' FROM seeded WHERE n % 4 = 0`
]

/** Fills every table that grows with the number of people, by the server itself. Nothing of it is due to be removed. */
export async function seed(query: Query, people: number): Promise<void> {
  const statements = tables.map(text => text.replaceAll(/\bpeople\b/g, String(people)))
  // Without the checks of foreign keys where the role may do that: they take most of the time.
  const unchecked = `SELECT set_config('session_replication_role', 'replica', true)
    WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`
  await query(`BEGIN; ${unchecked}; ${statements.join(';')}; COMMIT`)
  await query('VACUUM (ANALYZE)')
}
