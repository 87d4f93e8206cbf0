type Rgb = readonly [number, number, number]

const parse = (hex: string): Rgb =>
  [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb

const format = (rgb: Rgb): string =>
  `#${rgb.map(part => Math.round(part).toString(16).padStart(2, '0')).join('')}`

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [red, green, blue] = parse(hex).map(part => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** Black or white text for a background colour. The contrast is at least 4.5:1. */
export const textOn = (colour: string): string =>
  contrast(colour, '#ffffff') >= 4.5 ? '#ffffff' : '#000000'

/** The colour, made lighter or darker until its contrast with the surface is at least `least`. */
export function standOut(colour: string, surface: string, least: number): string {
  const end = luminance(surface) > 0.18 ? 0 : 255
  const from = parse(colour)
  for (let share = 0; share < 1; share += 0.02) {
    const mixed = format(from.map(part => part + (end - part) * share) as unknown as Rgb)
    if (contrast(mixed, surface) >= least) return mixed
  }
  return format([end, end, end])
}
