/**
 * Files and folders whose outcome does not depend on the database. They run in one of the two passes, so that
 * neither takes long; the rest runs in both. `npm run test:all` leaves out nothing.
 */
export const once: Readonly<Record<Pass, readonly string[]>> = {
  embedded: [
    'architecture.test.ts',
    'browser/pages.test.ts',
    'cli/broken-set-ups.test.ts',
    'cli/embedded.test.ts',
    'contract.test.ts',
    'database/embedded-binaries.test.ts',
    'database/embedded.test.ts',
    'deploy/',
    'docs.test.ts',
    'features/account-pages.test.ts',
    'features/activity.test.ts',
    'features/auth-levels.test.ts',
    'features/auth-verify.test.ts',
    'features/careless-clients.test.ts',
    'features/config.test.ts',
    'features/cross-site.test.ts',
    'features/export.test.ts',
    'features/hashing-imported.test.ts',
    'features/hashing.test.ts',
    'features/http.test.ts',
    'features/logging.test.ts',
    'features/metrics.test.ts',
    'features/mfa-pages.test.ts',
    'features/pages.test.ts',
    'features/proxies.test.ts',
    'features/roles.test.ts',
    'features/tokens.test.ts',
    'features/tracing.test.ts',
    'features/views.test.ts',
    'features/well-known.test.ts',
    'kit/',
    'mail/dev-mailbox.test.ts',
    'mail/transport.test.ts',
    'readme.test.ts',
    'requirements.test.ts',
    'unit/'
  ],
  server: [
    'browser/account.test.ts',
    'browser/deletion.test.ts',
    'browser/example.test.ts',
    'browser/invitation.test.ts',
    'browser/kit.test.ts',
    'browser/mail-flows.test.ts',
    'browser/mfa.test.ts',
    'browser/tabs.test.ts',
    'cli/backup.test.ts',
    'cli/commands.test.ts',
    'cli/doctor.test.ts',
    'cli/import-django.test.ts',
    'cli/rehearse-django.test.ts',
    'database/migrate.test.ts',
    'database/servers.test.ts',
    'features/legacy-sessions.test.ts',
    'generated-clients.test.ts',
    'mail/faults.test.ts',
    'races/failover.test.ts',
    'races/faults.test.ts',
    'races/outage.test.ts',
    'races/process.test.ts',
    'webhooks/'
  ]
}

/** Over the embedded database, or over the server that `TEST_DATABASE_URL` names. */
export type Pass = 'embedded' | 'server'

/** Whether a file, named below `test/`, runs in the other pass only. */
export function isLeftOut(file: string, pass: Pass): boolean {
  return once[pass === 'embedded' ? 'server' : 'embedded'].some(entry =>
    entry.endsWith('/') ? file.startsWith(entry) : file === entry
  )
}
