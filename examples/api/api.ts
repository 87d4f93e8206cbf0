import cors from '@fastify/cors'
import Fastify from 'fastify'
import { createVerifier, fastifyPostern } from 'postern/verify'

/** An API of an app's own: it knows people by the access tokens of `issuer`, and answers pages of `origin`. */
export async function buildApi({ issuer, origin }: { issuer: string; origin: string }) {
  const api = Fastify()
  // Before the tokens: a browser's preflight has none.
  await api.register(cors, { origin })
  await api.register(fastifyPostern, { verifier: createVerifier({ issuer }) })

  const notes = new Map<string, string[]>()
  const notesOf = (person: string) => notes.get(person) ?? []

  api.get('/health', { config: { postern: false } }, async () => ({ ok: true }))

  api.get('/notes', async ({ auth }) => ({ notes: notesOf(auth?.sub ?? '') }))

  const body = {
    type: 'object',
    required: ['text'],
    properties: { text: { type: 'string', minLength: 1, maxLength: 200 } }
  }
  api.post<{ Body: { text: string } }>(
    '/notes',
    { schema: { body } },
    async ({ auth, body: { text } }) => {
      const person = auth?.sub ?? ''
      // A demonstration: it forgets old notes, and all of them when it stops.
      notes.set(person, [...notesOf(person), text].slice(-20))
      return { notes: notesOf(person) }
    }
  )

  return api
}
