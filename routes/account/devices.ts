import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem } from '../../src/base/errors/problem.js'
import { listSessions } from '../../src/sessions/list.js'
import { logoutDevice, logoutOthers } from '../../src/sign-in/end-sessions.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'
import { IdParam } from '../schemas/lists.js'
import { doneOf, redirectDone } from './done.js'

const place = '/account/devices/'

/** The devices on which one is signed in. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { BASE_PATH } = deps.config

  fastify.get(
    '/account/devices/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showDevices',
        summary: 'Page with the devices that are signed in',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { user, sessionId } = request.principal
      const sessions = await listSessions(deps, { userId: user.id })
      const devices = sessions.map(({ id, browser, os, ip, lastUsedAt, createdAt }) => {
        const name = [browser, os].filter(part => part !== null).join(' · ')
        return { id, name, ip, lastUsedAt, createdAt, current: id === sessionId }
      })
      // This device first: it is the one that a person looks for.
      const sorted = devices.toSorted((one, other) => Number(other.current) - Number(one.current))
      return reply.page('account/devices', { devices: sorted, done: doneOf(request) })
    }
  )

  fastify.post(
    '/account/devices/end/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'endDevice',
        summary: 'Form that signs out on one device',
        body: closed({ id: IdParam.properties.id }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      await logoutDevice(deps, principal, body.id, sender).catch(error => {
        // The session has ended already, which is what the person wants.
        if (!(error instanceof Problem) || error.code !== 'not_found') throw error
      })
      if (body.id.toLowerCase() !== principal.sessionId)
        return redirectDone(reply, place, 'device_ended')
      return reply.clearRefreshCookie().redirect(`${BASE_PATH}/logout/`, 303)
    }
  )

  fastify.post(
    '/account/devices/end-others/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'endOtherDevices',
        summary: 'Form that signs out on every other device',
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      await logoutOthers(deps, request.principal, request.sender)
      return redirectDone(reply, place, 'devices_ended')
    }
  )
}

export default routes
