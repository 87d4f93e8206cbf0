// What argon2id itself costs: the hash that the service uses, as many at once, and nothing around it.
import { hash, verify } from '@node-rs/argon2'

const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const password = 'a gigantic purple hat'
const stored = await hash(password, parameters)

process.on('message', async ({ count, concurrency }) => {
  const before = process.cpuUsage()
  let left = count
  const work = async () => {
    while (left-- > 0) if (!(await verify(stored, password))) throw new Error('no match')
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  const { user, system } = process.cpuUsage(before)
  process.send({ cpuMicros: (user + system) / count })
})
process.on('disconnect', () => process.exit())
process.send('ready')
