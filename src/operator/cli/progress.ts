const everyMs = 100
const width = 24

/** A bar on a terminal's standard error; elsewhere nothing. `draw` takes the share that is done, and a text. */
export function progressBar(stream: NodeJS.WriteStream = process.stderr) {
  let last = 0
  let isDrawn = false
  return {
    draw(share: number | null, text: string): void {
      const now = performance.now()
      const isLast = share === 1
      if (!stream.isTTY || (now - last < everyMs && !isLast)) return
      last = now
      isDrawn = true
      const filled = Math.round((share ?? 0) * width)
      const bar = share === null ? '' : `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] `
      stream.write(`\r${bar}${text}\u001b[K`)
    },
    /** Removes the bar, so that a line can be written. */
    clear(): void {
      if (isDrawn) stream.write('\r\u001b[K')
      isDrawn = false
    }
  }
}
