import assert from 'node:assert/strict'

const scale = 6

/**
 * The pixels of a QR code's SVG, drawn from its own path: moves and horizontal strokes one unit thick
 * on a white ground.
 */
export function rasterize(svg: string): { pixels: Uint8ClampedArray; side: number } {
  const units = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1])
  const path = /stroke="#000000" d="([^"]+)"/.exec(svg)?.[1]
  assert.ok(units > 0 && path !== undefined, svg.slice(0, 200))
  const side = units * scale
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255)
  let x = 0
  let y = 0
  for (const [, command = '', numbers = ''] of path.matchAll(/([Mmh])([^Mmh]*)/g)) {
    const [first = 0, second = 0] = numbers.split(/[ ,]+/).map(Number)
    if (command === 'M') [x, y] = [first, second]
    else if (command === 'm') [x, y] = [x + first, y + second]
    else {
      for (let column = x * scale; column < (x + first) * scale; column++)
        for (let row = (y - 0.5) * scale; row < (y + 0.5) * scale; row++)
          pixels.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3)
      x += first
    }
  }
  return { pixels, side }
}
