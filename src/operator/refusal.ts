/** A command cannot do what the operator asked for. The message gives the reason and a way out. */
export class Refusal extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Refusal'
  }
}
