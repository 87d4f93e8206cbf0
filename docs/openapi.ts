import { buildApp } from '../src/app.js'
import { loadConfig } from '../src/base/config/load.js'

/** Everything that a setting can turn on. Nothing listens, and no database is asked. */
const everythingOn = {
  PUBLIC_URL: 'http://localhost:3000',
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  SECRET_KEY: 'kP3vXq8ZrT1mNcW7yBdH5sLfJ0aGuE2oRiYtQxVz4K6=',
  LOG_LEVEL: 'silent',
  MAIL_WORKER: 'false',
  EMAIL_VERIFICATION: 'optional',
  JWT_ALLAUTH_INVITATIONS: 'true',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
}

/** The OpenAPI document with every operation, as text. */
export async function openapiDocument(): Promise<string> {
  const app = await buildApp(loadConfig(everythingOn))
  try {
    await app.ready()
    return `${JSON.stringify(app.swagger(), null, 2)}\n`
  } finally {
    await app.close()
  }
}
