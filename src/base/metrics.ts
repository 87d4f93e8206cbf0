import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { version } from './version.js'

/** What the process counts. Counting costs microseconds; whoever exposes it reads the registry. */
export type Metrics = ReturnType<typeof createMetrics>

/** Creates the metrics of one process. All names begin with `postern_`. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: 'postern_build_info',
    help: 'Version of the service and of Node.js; the value is 1.',
    labelNames: ['version', 'node'] as const,
    registers
  }).set({ version, node: process.version }, 1)
  return {
    registry,
    requests: new Histogram({
      name: 'postern_http_request_duration_seconds',
      help: 'Answered requests by method, route and status, and how long they took.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers
    }),
    signIns: new Counter({
      name: 'postern_sign_ins_total',
      help: 'Sign-ins by method (pwd, otp, rc, email, RFC 8176 where it has a name) and outcome.',
      labelNames: ['method', 'outcome'] as const,
      registers
    }),
    refreshes: new Counter({
      name: 'postern_refreshes_total',
      help: 'Presented refresh tokens by what the session did with them.',
      labelNames: ['outcome'] as const,
      registers
    }),
    challenges: new Counter({
      name: 'postern_mfa_challenges_total',
      help: 'Challenges of the second factor: opened for a code or for a setup, passed, and wrong codes.',
      labelNames: ['event'] as const,
      registers
    }),
    refused: new Counter({
      name: 'postern_attempts_refused_total',
      help: 'Requests answered 429: by the limit per network (kind "requests"), or by a budget of attempts.',
      labelNames: ['kind'] as const,
      registers
    }),
    hashWait: new Histogram({
      name: 'postern_hash_wait_seconds',
      help: 'How long passwords waited for a hashing thread.',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
      registers
    }),
    hashQueue: new Gauge({
      name: 'postern_hash_queue_length',
      help: 'Passwords that wait for a hashing thread.',
      registers
    }),
    mailsSettled: new Counter({
      name: 'postern_mails_total',
      help: 'Attempts of this process to send a mail, by result.',
      labelNames: ['result'] as const,
      registers
    }),
    mails: new Gauge({
      name: 'postern_mails',
      help: 'Mails in the outbox of all instances, by state: queued ones wait, dead ones are given up.',
      labelNames: ['state'] as const,
      registers
    }),
    oldestMail: new Gauge({
      name: 'postern_mail_oldest_waiting_seconds',
      help: 'Age of the oldest queued mail; 0 without one.',
      registers
    }),
    webhooksSettled: new Counter({
      name: 'postern_webhooks_total',
      help: 'Attempts of this process to post an event to EVENTS_WEBHOOK_URL, by result.',
      labelNames: ['result'] as const,
      registers
    }),
    webhooks: new Gauge({
      name: 'postern_webhooks',
      help: 'Events in the outbox of all instances, by state: queued ones wait, dead ones are given up.',
      labelNames: ['state'] as const,
      registers
    }),
    oldestWebhook: new Gauge({
      name: 'postern_webhook_oldest_waiting_seconds',
      help: 'Age of the oldest queued event; 0 without one.',
      registers
    }),
    databaseUp: new Gauge({
      name: 'postern_database_up',
      help: 'Whether the database answered this scrape. While it does not, gauges of its rows are absent.',
      registers
    }),
    pool: new Gauge({
      name: 'postern_database_connections',
      help: 'Connections of the pool, by state.',
      labelNames: ['state'] as const,
      registers
    }),
    poolWaiting: new Gauge({
      name: 'postern_database_waiting',
      help: 'Statements that wait for a connection of the pool.',
      registers
    })
  }
}

/** Adds CPU, memory, event loop lag and garbage collection; these cost timers, so only where they are read. */
export const measureProcess = ({ registry }: Metrics): void =>
  collectDefaultMetrics({ register: registry, prefix: 'postern_' })
