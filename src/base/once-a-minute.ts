const quietMs = 60_000
const mostCauses = 100

/**
 * Passes on the first of equal causes, and then no other for a minute: while something is away, every
 * request and every connection fails by the same cause.
 */
export function onceAMinute(tell: (error: unknown) => void): (error: unknown) => void {
  const told = new Map<string, number>()
  return error => {
    const { code, name, message } = error as NodeJS.ErrnoException
    const cause = `${code ?? name} ${message}`
    const now = performance.now()
    if (now - (told.get(cause) ?? Number.NEGATIVE_INFINITY) < quietMs) return
    // The text of a cause may differ each time, for example by a port.
    if (told.size >= mostCauses) told.clear()
    told.set(cause, now)
    tell(error)
  }
}
