/** Does work again while it fails in a way that passes; throws what the last of `tries` threw. */
export async function retried<T>(
  tries: number,
  passes: (error: unknown) => boolean,
  work: () => Promise<T>
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === tries || !passes(error)) throw error
    }
  }
}
