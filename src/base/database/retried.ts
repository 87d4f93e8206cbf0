/** Repeats work while it fails with a passing error. Throws the error of the last of `tries`. */
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
