/** A function that makes a value once for each key, and returns it again later. For keys that are few. */
export function onceForEach<Made>(make: (key: string) => Made): (key: string) => Made {
  const made = new Map<string, Made>()
  return key => {
    const found = made.get(key)
    if (found !== undefined) return found
    const value = make(key)
    made.set(key, value)
    return value
  }
}
