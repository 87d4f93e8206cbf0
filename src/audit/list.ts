import type { Deps } from '../deps.js'

export type ListedEvent = {
  readonly id: string
  readonly at: Date
  readonly event: string
  readonly outcome: 'success' | 'failure'
  readonly actorId: string | null
  readonly subjectId: string | null
  readonly sessionId: string | null
  readonly network: string | null
  readonly userAgent: string | null
  readonly details: unknown
}

type Filter = {
  readonly subjectId?: string
  /** The subject or the actor. */
  readonly userId?: string
  readonly event?: string
  readonly since?: Date
  /** The last id of the previous page. */
  readonly before?: string
  readonly limit: number
}

/** Events of the trail, newest first; `next` is the `before` of the next page. */
export async function listEvents(
  { db }: Pick<Deps, 'db'>,
  { subjectId, userId, event, since, before, limit }: Filter
): Promise<{ results: ListedEvent[]; next: string | null }> {
  const rows = await db.prisma.auditEvent.findMany({
    where: {
      ...(subjectId === undefined ? {} : { subjectId }),
      ...(userId === undefined ? {} : { OR: [{ subjectId: userId }, { actorId: userId }] }),
      ...(event === undefined ? {} : { event }),
      ...(since === undefined ? {} : { at: { gte: since } }),
      ...(before === undefined ? {} : { id: { lt: before } })
    },
    orderBy: { id: 'desc' },
    take: limit + 1
  })
  const results = rows.slice(0, limit)
  return { results, next: rows.length > limit ? (results.at(-1)?.id ?? null) : null }
}
