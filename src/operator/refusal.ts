/** What an operator asked for cannot be done; the message says why, and what can. */
export class Refusal extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Refusal'
  }
}
