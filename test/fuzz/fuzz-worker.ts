import fc from 'fast-check'
import { type FuzzReport, TARGETS } from './targets.ts'
import { mutated } from './mutations.ts'

/** The process in which inputs are tried: says each before it does, and in the end what came of all. */

const [name = '', seed, runs] = process.argv.slice(2)
const target = TARGETS[name]
const tell = (report: FuzzReport): Promise<void> =>
  new Promise((resolve) =>
    process.send?.(report, () => {
      resolve()
    }),
  )

async function run(): Promise<string> {
  if (target === undefined) return `there is no target ${name}`
  const corpus = await target.corpus()
  const property = fc.asyncProperty(mutated(corpus), async (bytes) => {
    await tell({ input: bytes.subarray(0, 2000).toString('base64') })
    await target.take(bytes)
  })
  const { counterexample, errorInstance, failed } = await fc.check(property, {
    seed: Number(seed),
    numRuns: Number(runs),
    endOnFailure: true,
  })
  if (!failed) return 'done'
  return (
    `${String(errorInstance instanceof Error ? errorInstance.stack : errorInstance)} for ` +
    `${counterexample?.[0].toString('base64') ?? ''}`
  )
}

await tell({ result: await run().catch(String) })
