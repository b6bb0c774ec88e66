import assert from 'node:assert/strict'
import { type Verdict, judge } from './judge.ts'
import { type Kind, type RoundPlan, VERSIONS } from './plan.ts'
import { type ChaosRecord, type EndRecord, type OperationRecord, type Round, readRounds } from './records.ts'

const V = 'app 1.0.0'
const [ID] = VERSIONS
const PLAN: RoundPlan = {
  seed: 1,
  round: 0,
  mix: 'tight',
  start: [],
  isPending: false,
  operations: [],
  damage: undefined,
  outage: undefined,
  readers: [],
}
const REFUSAL = 'The chart already exists in the repository and cannot be overwritten without an explicit intent.\n'

/** An operation on one version, acknowledged unless the status says something else. */
function did(
  kind: Kind,
  [start, end]: readonly [number, number],
  more: Partial<OperationRecord> = {},
  content = '',
): OperationRecord {
  const isRead = kind === 'read'
  return {
    type: 'operation',
    round: 0,
    name: `${kind}-${String(start)}`,
    kind,
    planned: {
      at: 0,
      versions: isRead || ID === undefined ? [] : [{ ...ID, content }],
      compacts: true,
      machine: 0,
      byName: false,
      form: 'bundle',
      clock: 0,
      helm: 4,
      process: undefined,
      network: [],
    },
    args: [],
    start,
    end,
    status: 0,
    stdout: '',
    stderr: '',
    killed: '',
    requests: 5,
    met: [],
    deltas: [],
    indexes: [],
    ...more,
  }
}

const adds = (content: string, status?: number): Pick<OperationRecord, 'deltas'> => ({
  deltas: [{ id: `0${content}`, ...(status === undefined ? {} : { status }), added: { [V]: content }, removed: [] }],
})
const removes = (content: string): Pick<OperationRecord, 'deltas'> => ({
  deltas: [{ id: `1${content}`, status: 200, added: {}, removed: [[V, content]] }],
})
const sees = (content?: string): Pick<OperationRecord, 'view'> => ({
  view: content === undefined ? {} : { [V]: content },
})
const KILLED = { status: null, killed: 'fault' } as const

/** A round at whose end the index and the archives hold `final`. */
function round(operations: readonly OperationRecord[], final?: string, more: Partial<EndRecord> = {}): Round {
  const found = final === undefined ? {} : { [V]: final }
  return {
    head: { type: 'round', plan: PLAN, store: 'minio', deletesAlways: false, start: {} },
    operations,
    end: {
      type: 'end',
      round: 0,
      view: found,
      archives: found,
      at: [1000, 1001],
      files: [],
      findings: [],
      seconds: 1,
      ...more,
    },
  }
}

const violations = (...of: Parameters<typeof round>): Verdict['violations'] => judge(round(...of)).violations

describe('the judge of a round', () => {
  const push = (at: readonly [number, number], content: string): OperationRecord =>
    did('push', at, adds(content, 200), content)

  it('accepts an acknowledged push that is there, and one that was deleted', () => {
    assert.deepEqual(violations([push([0, 10], 'A')], 'A'), [])
    assert.deepEqual(violations([push([0, 10], 'A'), did('delete', [20, 30], removes('A'))]), [])
  })

  it('finds an acknowledged push that is lost', () => {
    assert.deepEqual(violations([push([0, 10], 'A')]), [`${V}: an acknowledged mutation is lost or undone`])
  })

  it('finds two acknowledged pushes of one version with different content', () => {
    assert.deepEqual(violations([push([0, 10], 'A'), push([5, 15], 'B')], 'A'), [
      `${V}: an acknowledged mutation is lost or undone`,
    ])
    assert.deepEqual(violations([push([0, 10], 'A'), did('force', [5, 15], adds('B', 200), 'B')], 'B'), [])
  })

  it('finds a read that goes back behind an acknowledged push, and accepts one that ran at the same time', () => {
    const forced = did('force', [20, 30], adds('B', 200), 'B')
    const stale = did('read', [40, 50], sees('A'))
    assert.deepEqual(violations([push([0, 10], 'A'), forced, stale], 'B'), [`${V}: a read saw what never was`])
    assert.deepEqual(violations([push([0, 10], 'A'), forced, did('read', [25, 50], sees('A'))], 'B'), [])
  })

  it('accepts of a killed push that it took effect, later or never, and not that it did without a delta', () => {
    const killed = did('push', [0, 10], { ...KILLED, ...adds('A') }, 'A')
    assert.deepEqual(violations([killed], 'A'), [])
    assert.deepEqual(violations([killed]), [])
    const late = [killed, did('read', [20, 21], sees()), did('read', [30, 31], sees('A'))]
    assert.deepEqual(violations(late, 'A'), [])
    assert.deepEqual(violations([did('push', [0, 10], KILLED, 'A')], 'A'), [
      `${V}: an acknowledged mutation is lost or undone`,
    ])
  })

  it('finds a read that saw a killed push which is gone afterwards, without anybody who deleted it', () => {
    const killed = did('push', [0, 10], { ...KILLED, ...adds('A') }, 'A')
    const seen = [killed, did('read', [20, 21], sees('A')), did('read', [30, 31], sees('A'))]
    assert.deepEqual(judge(round(seen)).residues, ['an unacknowledged delta below a removal showed for a moment'])
  })

  it('takes a refusal for proof that the version was there', () => {
    const refused = did('push', [20, 30], { status: 1, stderr: REFUSAL }, 'B')
    assert.deepEqual(violations([push([0, 10], 'A'), refused], 'A'), [])
    assert.deepEqual(violations([refused]), [`${V}: an acknowledged mutation is lost or undone`])
  })

  it('does not take a look that failed for proof of anything', () => {
    const stderr = 'Error: check if chart already exists in the repository: head s3 object: status 409\n'
    assert.deepEqual(violations([did('push', [20, 30], { status: 1, stderr }, 'B')]), [])
  })

  it('takes a deletion that finds nothing for proof that the version was absent', () => {
    const missing = did('delete', [20, 30], {
      status: 1,
      stderr: 'Error: chart app version 1.0.0 not found in index\n',
    })
    assert.deepEqual(violations([missing]), [])
    assert.notDeepEqual(violations([push([0, 10], 'A'), missing], 'A'), [])
  })

  it('takes a killed client that writes index.yaml itself for one whose change may be there, or not', () => {
    const pushed = did('push', [20, 30], { ...KILLED, indexes: [{ [V]: 'B' }] }, 'B')
    assert.deepEqual(violations([pushed]), [])
    assert.deepEqual(violations([pushed], 'B'), [])
    const deleted = did('delete', [20, 30], { ...KILLED, indexes: [{}] })
    assert.deepEqual(violations([push([0, 10], 'A'), deleted]), [])
    assert.deepEqual(violations([push([0, 10], 'A'), deleted], 'A'), [])
    assert.notDeepEqual(violations([push([0, 10], 'A'), did('delete', [20, 30], KILLED)]), [])
  })

  it('finds a command that ends with 1 after its delta has landed', () => {
    const failed = did('force', [0, 10], { ...adds('A', 200), status: 1, stderr: 'Error: something\n' }, 'A')
    assert.deepEqual(violations([failed]), [
      'force-0 (force) ended with 1 after its delta had landed: Error: something',
    ])
  })

  it('accepts that a command ends with 1 after it has announced to remove its own archive', () => {
    const announced = { deltas: [{ id: '2', status: 200, added: {}, removed: [] }] }
    assert.deepEqual(
      violations([did('push', [0, 10], { ...announced, status: 1, stderr: 'Error: something\n' }, 'A')]),
      [],
    )
  })

  it('does not hold a read against a damaged index, and counts what was seen before and after', () => {
    const operations = [push([0, 10], 'A'), did('read', [20, 30], sees())]
    assert.deepEqual(violations(operations, 'A', { gap: { from: 15, to: 40 } }), [])
    assert.deepEqual(violations(operations, 'A', { gap: { from: 35, to: 40 } }), [`${V}: a read saw what never was`])
  })

  it('finds an entry without its archive, and one that differs, unless an unfinished command explains it', () => {
    const gone = { archives: {} }
    assert.deepEqual(violations([push([0, 10], 'A')], 'A', gone), [`${V}: an entry without its archive`])
    const other = { archives: { [V]: 'B' } }
    assert.deepEqual(violations([push([0, 10], 'A')], 'A', other), [`${V}: an entry and an archive that differ`])
    const forced = did('force', [20, 30], { ...KILLED, ...adds('B') }, 'B')
    assert.deepEqual(violations([push([0, 10], 'A'), forced], 'A', other), [])
    const { residues } = judge(round([push([0, 10], 'A'), forced], 'A', other))
    assert.deepEqual(residues, ['an entry and an archive that differ'])
  })

  it('lets a check find what killed processes leave, and nothing else', () => {
    const finding = {
      code: 'archive-unlisted',
      severity: 'warning',
      detail: 'app-1.0.0.tgz',
      name: null,
      version: null,
    }
    const error = { ...finding, code: 'entry-duplicate' }
    assert.deepEqual(violations([], undefined, { findings: [finding] }), [])
    assert.deepEqual(violations([], undefined, { findings: [error] }), ['check finds entry-duplicate: app-1.0.0.tgz'])
    assert.deepEqual(violations([], undefined, { afterFix: [error] }), [
      'check --fix leaves entry-duplicate: app-1.0.0.tgz',
    ])
    const left = { ...error, detail: 'left for now, because another client has just changed or deleted it' }
    assert.deepEqual(violations([], undefined, { afterFix: [left] }), [])
  })

  it('lets killed processes leave drafts in the caches of Helm, and nobody else', () => {
    const files = [{ path: 'repository/.helm-s3-draft-01234567-89ab-cdef-0123-456789abcdef' }]
    assert.deepEqual(violations([did('push', [0, 1], KILLED, 'A')], undefined, { files }), [])
    assert.deepEqual(violations([push([0, 10], 'A')], 'A', { files }), [`${files[0]?.path ?? ''} was left behind`])
    const usual = [{ path: 'repository/shared-index.yaml' }, { path: `repository/helm-s3/${'0'.repeat(32)}.base` }]
    assert.deepEqual(violations([], undefined, { files: usual }), [])
  })

  it('finds a local index that cannot be read', () => {
    const files = [{ path: 'repository/shared-index.yaml', wrong: 'cannot be read: empty' }]
    assert.deepEqual(violations([], undefined, { files }), ['repository/shared-index.yaml: cannot be read: empty'])
  })

  it('says the same of a history that was written to a file and read again', () => {
    const played = round([push([0, 10], 'A'), did('read', [40, 50], sees())], 'A')
    const lines = [played.head, ...played.operations, { type: 'verdict' }, played.end] as readonly ChaosRecord[]
    const [again, ...others] = readRounds(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    assert.deepEqual(others, [])
    assert.deepEqual(again && judge(again), judge(played))
  })
})
