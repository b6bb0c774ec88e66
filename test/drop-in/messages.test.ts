import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import { HelmS3Error } from '../../lib/errors.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { type TestProgram, useProgram } from '../support/program.ts'

/*
 * What scripts written for hypnoglow/helm-s3 see, text by text. `{}` in an expected error stands for the cause, which
 * is ours; hints may follow.
 */

const URI = 's3://acme/charts'
const RUN_HELP = "Run 's3 --help' for usage.\n"
const denied = (): Promise<never> => Promise.reject(new HelmS3Error('denied', 'access denied'))

const initRefusal = (subject: string): string => `${subject} cannot be overwritten without an explicit intent.

If you want to replace existing index file, use --force flag:

  helm s3 init --force ${URI}

If you want to ignore this error, use --ignore-if-exists flag:

  helm s3 init --ignore-if-exists ${URI}

`

interface Success {
  readonly does: string
  readonly argv: string
  readonly stdout: string
}

interface Failure {
  readonly says: string
  readonly argv: string
  /** The whole of stderr, or its beginning up to `{}`. */
  readonly stderr: string
  readonly before?: (program: TestProgram) => void | Promise<void>
  readonly faults?: Partial<ObjectStore>
}

/** With the repository `stable` at URI, which holds app 1.0.0 and 1.1.0; web-1.0.0.tgz is not pushed yet. */
async function prepare(program: TestProgram): Promise<void> {
  await program.ok('init', URI)
  program.addRepository('stable', URI)
  await program.ok('push', await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), 'stable')
  await program.chart('web', '1.0.0')
}

const words = (program: TestProgram, line: string): string[] =>
  line.split(' ').map((word) => (/^[^:]+\.(?:tgz|yaml)$/.test(word) ? program.path(word) : word === '""' ? '' : word))

describe('drop-in: what stdout says', () => {
  const program = useProgram()
  const uploaded = 'Successfully uploaded the chart to the repository.\n'
  const cases: readonly Success[] = [
    { does: 'init', argv: 'init s3://acme/fresh', stdout: 'Initialized empty repository at s3://acme/fresh\n' },
    {
      does: 'init with a slash at the end',
      argv: 'init s3://acme/fresh/',
      stdout: 'Initialized empty repository at s3://acme/fresh/\n',
    },
    {
      does: 'init of what Helm knows and the bucket has',
      argv: `init ${URI} --ignore-if-exists`,
      stdout:
        'The repository with the provided URI already exists under name "stable", ignore init operation.\n' +
        'The index file already exists under the provided URI, ignore init operation.\n',
    },
    { does: 'push', argv: 'push web-1.0.0.tgz stable', stdout: uploaded },
    { does: 'push that only tries', argv: 'push web-1.0.0.tgz stable --dry-run', stdout: uploaded },
    { does: 'push by force', argv: 'push --force app-1.0.0.tgz stable', stdout: uploaded },
    {
      does: 'push of what is there',
      argv: 'push app-1.0.0.tgz stable --ignore-if-exists',
      stdout: 'The chart already exists in the repository, keep existing chart and ignore push.\n',
    },
    {
      does: 'delete',
      argv: 'delete app --version 1.0.0 stable',
      stdout: 'Successfully deleted the chart from the repository.\n',
    },
    {
      does: 'del of several',
      argv: 'del app stable --version=1.0.0,1.1.0',
      stdout: 'Successfully deleted 2 chart versions from the repository.\n',
    },
    { does: 'version', argv: 'version', stdout: 'development\n' },
    {
      does: 'version of Helm',
      argv: 'version --mode',
      stdout: 'helm-s3 plugin version: development\nHelm version mode: v3\n',
    },
  ]
  for (const { argv, does, stdout } of cases) {
    it(`${does}: ${argv}`, async () => {
      await prepare(program)
      assert.equal(await program.ok(...words(program, argv)), stdout)
    })
  }

  it('init of what Helm knows and the bucket has not makes the index', async () => {
    program.addRepository('stable', URI)
    const known = 'The repository with the provided URI already exists under name "stable", ignore init operation.\n'
    assert.equal(
      await program.ok('init', URI, '--ignore-if-exists'),
      `${known}Initialized empty repository at ${URI}\n`,
    )
  })
})

describe('drop-in: what stderr says', () => {
  const program = useProgram()
  const exclusive =
    'The --force and --ignore-if-exists flags are mutually exclusive and cannot be specified together.\n'
  const cases: readonly Failure[] = [
    { says: 'flags that contradict', argv: `init ${URI} --force --ignore-if-exists`, stderr: exclusive },
    { says: 'flags that contradict', argv: 'push --force web-1.0.0.tgz stable --ignore-if-exists', stderr: exclusive },
    {
      says: 'a repository that Helm knows',
      argv: `init ${URI}`,
      stderr: initRefusal(
        'The repository with the provided URI already exists under name "stable", the index file and',
      ),
    },
    {
      says: 'an index in the bucket',
      argv: `init ${URI}`,
      before: (program) => program.addRepository('other', 's3://acme/other'),
      stderr: initRefusal('The index file already exists under the provided URI and'),
    },
    {
      says: 'a chart that is there',
      argv: 'push app-1.0.0.tgz stable',
      stderr: `The chart already exists in the repository and cannot be overwritten without an explicit intent.

If you want to replace existing chart, use --force flag:

  helm s3 push --force {}`,
    },
    {
      says: 'an index that is not there',
      argv: 'download "" "" "" s3://acme/none/index.yaml',
      stderr:
        'The index file does not exist by the path s3://acme/none/index.yaml. ' +
        "If you haven't initialized the repository yet, try running `helm s3 init s3://acme/none`",
    },
    { says: 'too few words', argv: 'push a.tgz', stderr: `Error: accepts 2 arg(s), received 1\n${RUN_HELP}` },
    { says: 'an unknown flag', argv: 'push a.tgz stable --x', stderr: `Error: unknown flag: --x\n${RUN_HELP}` },
    { says: 'a word too many', argv: 'version x', stderr: `Error: unknown command "x" for "s3 version"\n${RUN_HELP}` },
    {
      says: 'a flag that is missing',
      argv: 'delete app stable',
      stderr: 'Error: required flag(s) "version" not set\n',
    },
    { says: 'an unknown command', argv: 'x', stderr: 'Error: unknown command "x" for "s3"\n' },
    {
      says: 'a command that is close',
      argv: 'pusk',
      stderr: 'Error: unknown command "pusk" for "s3"\n\nDid you mean this?\n\tpush\n{}',
    },
    {
      says: 'no version',
      argv: 'delete app stable --version=,',
      stderr: 'Error: at least one non-empty --version is required\n',
    },
    {
      says: 'a missing version',
      argv: 'delete app stable --version=9.9.9',
      stderr: 'Error: chart app version 9.9.9 not found in index\n{}',
    },
    {
      says: 'an unknown name',
      argv: 'push web-1.0.0.tgz none',
      stderr: 'Error: repo with name none not found, try `helm repo add none <uri>`\n',
    },
    {
      says: 'an unknown name',
      argv: 'delete app none --version=1',
      stderr: 'Error: repo with name none not found, try `helm repo add none <uri>`\n',
    },
    {
      says: 'another protocol',
      argv: 'init https://acme/charts',
      stderr: 'Error: uri https://acme/charts protocol is not s3\n{}',
    },
    { says: 'no URL', argv: 'init s3://%zz/charts', stderr: 'Error: parse uri s3://%zz/charts: {}' },
    {
      says: 'a file that is no chart',
      argv: 'push repositories.yaml stable',
      stderr: 'Error: failed to load chart file: {}',
    },
    { says: 'a file that is missing', argv: 'push missing.tgz stable', stderr: 'Error: failed to load chart file: {}' },
    {
      says: 'a broken repositories file',
      argv: 'push web-1.0.0.tgz stable',
      before: (program) => writeFileSync(program.path('repositories.yaml'), '{'),
      stderr: 'Error: load repo file: {}',
    },
    {
      says: 'a broken repositories file',
      argv: `init ${URI}`,
      before: (program) => writeFileSync(program.path('repositories.yaml'), '{'),
      stderr: 'Error: lookup repo entry by url: load repo file: {}',
    },
    {
      says: 'a refused init',
      argv: 'init s3://acme/fresh',
      faults: { put: denied },
      stderr: 'Error: upload index to s3: upload index to S3 bucket: access denied\n',
    },
    {
      says: 'no repository to push to',
      argv: 'push web-1.0.0.tgz s3://acme/none',
      stderr: 'Error: fetch current repo index: object not found: {}',
    },
    {
      says: 'no bucket to push to',
      argv: 'push web-1.0.0.tgz s3://none/charts',
      stderr: 'Error: fetch current repo index: bucket not found: {}',
    },
    {
      says: 'a refused look',
      argv: 'push web-1.0.0.tgz stable',
      faults: { head: denied },
      stderr: 'Error: fetch current repo index: fetch object from s3: access denied\n',
    },
    {
      says: 'a refused archive',
      argv: 'push web-1.0.0.tgz stable',
      faults: { put: denied },
      stderr: 'Error: upload chart to s3: upload chart object to s3: access denied\n',
    },
    {
      says: 'a damaged index',
      argv: 'delete app stable --version=1.0.0',
      before: async (program) =>
        void (await program.bucket.put(asKey('charts/index.yaml'), Buffer.from('entries: []\n'), { when: 'always' })),
      stderr: 'Error: load index from downloaded file: {}',
    },
    {
      says: 'no repository to delete from',
      argv: 'delete app s3://acme/none --version=1',
      stderr: 'Error: fetch current repo index: object not found: {}',
    },
    {
      says: 'a refused deletion',
      argv: 'delete app stable --version=1.0.0',
      faults: { put: denied },
      stderr: 'Error: upload index to s3: upload delta to S3 bucket: access denied\n',
    },
    {
      says: 'a missing object',
      argv: `download "" "" "" ${URI}/none-1.0.0.tgz`,
      stderr: `Error: fetch from s3 url=${URI}/none-1.0.0.tgz: object not found\n`,
    },
    {
      says: 'a missing bucket',
      argv: 'download "" "" "" s3://none/none-1.0.0.tgz',
      stderr: 'Error: fetch from s3 url=s3://none/none-1.0.0.tgz: bucket not found\n',
    },
  ]
  for (const { argv, before, faults, says, stderr } of cases) {
    it(`${says}: ${argv}`, async () => {
      await prepare(program)
      await before?.(program)
      if (faults !== undefined) program.fail(faults)
      const printed = await program.fails(...words(program, argv))
      const [beginning = '', isOpen] = stderr.split('{}')
      if (isOpen === undefined) assert.equal(printed, stderr)
      else assert.equal(printed.slice(0, beginning.length), beginning)
    })
  }
})

describe('drop-in: what differs', () => {
  const program = useProgram()

  it('a version whose archive may not be deleted is deleted all the same, for the index is changed before', async () => {
    await prepare(program)
    program.fail({ delete: denied })
    const { status, stderr, stdout } = await program.run('delete', 'app', 'stable', '--version=1.0.0')
    assert.deepEqual([status, stdout], [0, 'Successfully deleted the chart from the repository.\n'])
    assert.match(
      stderr,
      /^helm-s3: removed from the index, .*: charts\/app-1\.0\.0\.tgz \(delete chart file from s3: delete chart object from s3: access denied\); .*\n$/,
    )
  })
})

describe('drop-in: the command line', () => {
  const program = useProgram()

  it('shows the help on stdout when it is asked for, or when nothing is', async () => {
    for (const argv of [[], ['help'], ['--help'], ['-h'], ['help', 'push'], ['push', '--help'], ['push', 'a', '-h']]) {
      assert.match(await program.ok(...argv), /^helm s3 /, argv.join(' '))
    }
  })

  it('takes a call of five words for that of a downloader only when it is one', async () => {
    await prepare(program)
    assert.equal(
      await program.ok('del', 'app', '--version=1.0.0', 'stable'),
      'Successfully deleted the chart from the repository.\n',
    )
    assert.match(
      await program.fails('--timeout', '1h', 'push', 'missing.tgz'),
      /^Error: accepts 2 arg\(s\), received 1/,
    )
    const { bytes, status } = await program.run('', '', '', `${URI}/app-1.1.0.tgz`)
    assert.deepEqual([status, bytes.length > 0], [0, true])
  })
})
