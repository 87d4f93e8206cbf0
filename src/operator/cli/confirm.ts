import { createInterface } from 'node:readline/promises'
import { Refusal } from '../refusal.js'
import { remark } from './output.js'

/**
 * Asks an operator to type a word before something that cannot be undone.
 *
 * @throws {Refusal} for another word, and without a terminal to ask at.
 */
export async function confirm(question: string, word: string): Promise<void> {
  if (!process.stdin.isTTY) throw new Refusal('There is no terminal to ask at. Give --yes.')
  remark(question)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`Type ${word} to go on: `)
    if (answer.trim().toLowerCase() !== word) throw new Refusal('Nothing was changed.')
  } finally {
    lines.close()
  }
}
