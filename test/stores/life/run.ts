import { parseArgs } from 'node:util'
import { LEVELS } from '../../../lib/core/check/probe-report.ts'
import { startStore } from '../../e2e/support/servers.ts'
import type { LifeStep } from './diary.ts'
import { CHAPTERS, type LifeOptions, liveThrough } from './life.ts'
import type { StoreLevel, StoreUnderTest } from './store-under-test.ts'

const USAGE = `Lives the whole life of repositories on a store, with real processes (npm run build first).

  node --import=tsx test/stores/life/run.ts --endpoint URL --access-key KEY --secret-key SECRET [flags]
  node --import=tsx test/stores/life/run.ts --start minio|versitygw [flags]

  --region NAME     default: us-east-1
  --name NAME       of the store, for the report
  --level LEVEL     ${LEVELS.filter((level) => level !== 'not probed').join(' | ')}; default: what check --probe says
  --chapters A,B    of ${Object.keys(CHAPTERS).join(', ')}; default: all
  --json            the report on stdout
`

const { values } = parseArgs({
  options: {
    endpoint: { type: 'string' },
    'access-key': { type: 'string', default: 'EXAMPLEKEY123' },
    'secret-key': { type: 'string', default: 'EXAMPLESECRET123456' },
    region: { type: 'string', default: 'us-east-1' },
    name: { type: 'string' },
    start: { type: 'string' },
    level: { type: 'string' },
    chapters: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || (values.endpoint === undefined) === (values.start === undefined)) {
  process.stderr.write(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  process.exitCode = await live()
}

/** @returns 1 when a step has failed */
async function live(): Promise<number> {
  const { store, stop } = await storeToTry()
  try {
    const report = await liveThrough(store, options())
    if (values.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
    const { differs, fails, seconds, works } = report
    process.stderr.write(
      `${report.store}: ${String(works)} work, ${String(differs)} differ, ${String(fails)} fail, ${String(seconds)} s\n`,
    )
    return fails > 0 ? 1 : 0
  } finally {
    await stop()
  }
}

async function storeToTry(): Promise<{ readonly store: StoreUnderTest; readonly stop: () => Promise<void> }> {
  const { start } = values
  if (start === 'minio' || start === 'versitygw') {
    const store = await startStore(start)
    return { store, stop: () => store.stop() }
  }
  if (start !== undefined) throw new Error(`--start ${start}: it is minio or versitygw`)
  const { endpoint = '', region } = values
  const store = {
    name: values.name ?? endpoint,
    endpoint,
    accessKeyId: values['access-key'],
    secretAccessKey: values['secret-key'],
    region,
  }
  return { store, stop: async () => undefined }
}

function options(): LifeOptions {
  const level = LEVELS.find((each): each is StoreLevel => each === values.level && each !== 'not probed')
  if (values.level !== undefined && level === undefined) throw new Error(`--level ${values.level} is no level`)
  return {
    says,
    ...(level === undefined ? {} : { level }),
    ...(values.chapters === undefined ? {} : { chapters: values.chapters.split(',') }),
  }
}

function says({ detail, outcome, seconds, step }: LifeStep): void {
  const time = seconds.toFixed(1).padStart(6)
  process.stderr.write(
    `${outcome.padEnd(7)} ${time} s  ${step}${detail === undefined ? '' : `\n                  ${detail}`}\n`,
  )
}
