import { parseArgs } from 'node:util'
import { MIX_NAMES, type Mix, type Pace } from './plan.ts'
import { STORES } from '../stores/servers/all-stores.ts'
import { SUBJECTS } from './subjects.ts'

export interface ChaosOptions {
  /** A store of `test/stores/servers`, by its name; undefined: one that runs, at `endpoint`. */
  readonly store: string | undefined
  readonly endpoint: string | undefined
  readonly rounds: number
  /** The first round; those before it are passed over. */
  readonly from: number
  readonly seed: number
  readonly form: 'bundle' | 'executable' | 'both'
  readonly pace: Pace
  /** Milliseconds after which a process is killed; undefined: by `pace`. */
  readonly patience: number | undefined
  /** Undefined: drawn for each round. */
  readonly mix: Mix | undefined
  readonly subject: string
  /** The recorded history to judge again, instead of new rounds. */
  readonly replay: string | undefined
  /** Where histories are kept. */
  readonly folder: string | undefined
  readonly keeps: boolean
  /** Ends at the first round with a violation. */
  readonly stopsAtFirst: boolean
}

export const USAGE = `npm run chaos -- [flags]

Starts a real store and lets real processes change one repository at once, while they are killed and stopped, their
clocks are wrong, their network loses, delays, repeats and cuts, and the store itself is killed. Then looks for an order
of all operations that explains what was seen, and for what is left behind. docs/RELIABILITY.md says what is promised.

  --store NAME      installed and started here (default minio): ${STORES.map(({ name }) => name).join(', ')}.
                    docs/STORES.md says which of them keep to their conditions; on others rounds go wrong
  --endpoint URL    a store that runs, on this machine; keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  --rounds N        how many rounds, each with a repository of its own (default 20)
  --seed S          draws operations and faults; the same seed draws the same (default 1)
  --from N          the first round (default 0): \`--seed S --from N --rounds 1\` plays one again
  --form F          bundle (default), executable or both, as they are built
  --long            delays and stops of up to 90 seconds; without it nothing waits for more than a few
  --kills           most processes are killed and next to nothing waits: hundreds of kills a minute
  --patience S      kill what takes longer than so many seconds, waiting included (default 6, with --long 240)
  --mix NAME        only rounds of this kind: ${MIX_NAMES.join(', ')}
  --subject NAME    the program under fire (default ours): ${SUBJECTS.join(', ')}
  --all             go on after a round with a violation
  --keep            keep the history also when all is well
  --folder DIR      where histories are kept (default: a temporary folder)
  --replay FILE     no rounds: judge a recorded history again

Examples:

  npm run chaos -- --store versitygw --rounds 200 --seed 7
  npm run chaos -- --kills --form both --rounds 500
  npm run chaos -- --seed 7 --from 41 --rounds 1 --keep
  npm run chaos -- --subject broken:no-swap --rounds 40
  HELM_S3_GO_PLUGIN=~/go/bin/helms3 npm run chaos -- --subject go-plugin --rounds 20
  npm run chaos -- --replay /tmp/chaos-7/history.jsonl

Exit status: 0 no violation, 1 a violation (its seed, round and folder are printed), 2 the rounds could not be played.
`

/** @throws Error with a text for people when the command line is wrong */
export function readOptions(argv: readonly string[]): ChaosOptions | 'help' {
  const text = { type: 'string' } as const
  const on = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { ...on, short: 'h' },
      store: text,
      endpoint: text,
      rounds: { ...text, default: '20' },
      from: { ...text, default: '0' },
      seed: { ...text, default: '1' },
      form: { ...text, default: 'bundle' },
      long: on,
      kills: on,
      patience: text,
      mix: text,
      subject: { ...text, default: 'ours' },
      all: on,
      keep: on,
      folder: text,
      replay: text,
    },
  })
  if (values.help) return 'help'
  if (values.store !== undefined && values.endpoint !== undefined)
    throw new Error('--store and --endpoint exclude each other')
  if (values.long && values.kills) throw new Error('--long and --kills exclude each other')
  const { endpoint, folder, replay } = values
  return {
    store:
      endpoint === undefined
        ? oneOf(
            '--store',
            values.store ?? 'minio',
            STORES.map(({ name }) => name),
          )
        : undefined,
    endpoint,
    rounds: wholeNumber('--rounds', values.rounds, 1),
    from: wholeNumber('--from', values.from, 0),
    seed: wholeNumber('--seed', values.seed, 0),
    form: oneOf('--form', values.form, ['bundle', 'executable', 'both'] as const),
    pace: values.long ? 'long' : values.kills ? 'kills' : 'even',
    patience: values.patience === undefined ? undefined : wholeNumber('--patience', values.patience, 1) * 1000,
    mix: values.mix === undefined ? undefined : oneOf('--mix', values.mix, MIX_NAMES),
    subject: oneOf('--subject', values.subject, SUBJECTS),
    replay,
    folder,
    keeps: values.keep,
    stopsAtFirst: !values.all,
  }
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new Error(`${flag} takes one of: ${allowed.join(', ')}`)
  return found
}

function wholeNumber(flag: string, value: string, least: number): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < least)
    throw new Error(`${flag} takes a whole number from ${String(least)} on`)
  return number
}
