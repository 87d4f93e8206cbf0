import type { Rate } from '../../src/base/config/kinds.js'

/** What a route writes as `config.rateLimit` to have a budget of its own; routes with one name share it. */
export const limitedTo = (groupId: string, { count, seconds }: Rate) => ({
  groupId: `:${groupId}`,
  max: count,
  timeWindow: seconds * 1000
})
