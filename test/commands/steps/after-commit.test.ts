import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { Interruption } from '../../../lib/ui/output.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { systemClock } from '../../../lib/sys/clock.ts'
import { alteredStore } from '../../../lib/store/altered-store.ts'
import { resultOf } from '../../support/json-schema.ts'
import { type Result, useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const OTHER = 's3://acme/other'
const ULID = '[0-7][0-9A-HJKMNP-TV-Z]{25}'

/** A request as `PUT charts/index.yaml`. */
type Matcher = (line: string) => boolean

const isDelta: Matcher = (line) => /^PUT \S+index\.d\/[^/]+\.yaml$/.test(line)
const isIndex: Matcher = (line) => /^PUT \S+index\.yaml$/.test(line)
const isConfig: Matcher = (line) => line.endsWith('config.json') && line.startsWith('PUT')
const isArchive: Matcher = (line) => line.startsWith('PUT') && line.endsWith('.tgz')
const isList: Matcher = (line) => line.startsWith('LIST')

/*
 * From its commit on a command never says that nothing was done: it exits with 0 when only cleaning up is left, and
 * with 3 when the outcome is unknown or only a part of the request is done.
 */
describe('when the store fails around the commit,', () => {
  const program = useProgram()

  /** Calls `around` with each request to the bucket. */
  function watch(around: <T>(line: string, send: () => Promise<T>) => Promise<T>): void {
    const { bucket } = program
    const watched: Partial<ObjectStore> = {
      list: (prefix, options) => around(`LIST ${prefix}`, () => bucket.list(prefix, options)),
      get: (key, options) => around(`GET ${key}`, () => bucket.get(key, options)),
      getUnless: (key, etag) => around(`GET ${key}`, () => bucket.getUnless(key, etag)),
      getTail: (key, last, unless) => around(`GET ${key}`, () => bucket.getTail(key, last, unless)),
      getRange: (key, range, match) => around(`GET ${key}`, () => bucket.getRange(key, range, match)),
      head: (key) => around(`HEAD ${key}`, () => bucket.head(key)),
      put: (key, body, options) => around(`PUT ${key}`, () => bucket.put(key, body, options)),
      delete: (key, options) => around(`DELETE ${key}`, () => bucket.delete(key, options)),
    }
    program.fail(alteredStore(bucket, watched))
  }

  const nobody = (): Promise<never> =>
    Promise.reject(new HelmS3Error('unreachable', 'nobody answers', { hint: 'look at the network' }))

  /** Lets the store answer this request and none after it. `loses`: it acts on this one, but the answer is lost. */
  function goAfter(matches: Matcher, { loses = false } = {}): void {
    let isGone = false
    watch(async (line, send) => {
      if (isGone) return nobody()
      isGone = matches(line)
      const answer = await send()
      return isGone && loses ? ({ outcome: 'unknown', cause: new Error('no answer') } as typeof answer) : answer
    })
  }

  /** Leaves each request that matches without an answer until the command is aborted. */
  function hangAt(matches: Matcher): { readonly reached: Promise<void> } {
    let reach = (): void => undefined
    const reached = new Promise<void>((resolve) => (reach = resolve))
    watch(async (line, send) => {
      const signal = program.opened.at(-1)?.signal
      if (signal?.aborted === true) throw signal.reason
      if (!matches(line)) return send()
      reach()
      return new Promise((resolve, reject) =>
        signal?.addEventListener('abort', () => {
          if (/^(?:PUT|DELETE) /.test(line))
            resolve({ outcome: 'unknown', cause: signal.reason as Error } as Awaited<ReturnType<typeof send>>)
          else reject(signal.reason as Error)
        }),
      )
    })
    return { reached }
  }

  const run = (line: string): Promise<Result> =>
    program.run(...line.split(' ').map((word) => (word.endsWith('.tgz') ? program.path(word) : word)))
  const isIn = async (name: string, version: string, uri = URI): Promise<boolean> => {
    program.fail({})
    return new RegExp(`^${name} +${version.replaceAll('.', '\\.')} `, 'm').test(
      await program.ok('list', uri, '--all-versions'),
    )
  }
  const committed = (what: string, then: string): RegExp =>
    new RegExp(`^Error: committed: ${what}; not finished: ${then}`)
  const inDelta = (what: string): string => `${what} \\(delta ${ULID}\\)`

  beforeEach(async () => {
    await program.ok('init', URI)
    await program.ok('init', OTHER)
    await program.ok('push', await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), URI)
    await program.chart('web', '1.0.0')
  })

  describe('a push', () => {
    it('exits with 3 and names the committed delta when its LIST after the delta fails', async () => {
      goAfter(isDelta)
      const { status, stderr, stdout } = await run(`push web-1.0.0.tgz ${URI}`)
      assert.deepEqual([status, stdout], [3, ''])
      assert.match(
        stderr,
        committed(
          inDelta('web 1\\.0\\.0'),
          'nobody answers\nHint: look at the network; run the same command with --ignore-if-exists',
        ),
      )
      assert.ok(await isIn('web', '1.0.0'))
      await program.ok('push', program.path('web-1.0.0.tgz'), URI, '--ignore-if-exists')
    })

    it('exits with 3 under --exit-codes=fine, too, and prints nothing on stdout with -o json, when that LIST fails', async () => {
      goAfter(isDelta)
      const { status, stdout } = await run(`push web-1.0.0.tgz ${URI} --exit-codes=fine -ojson`)
      assert.deepEqual([status, stdout], [3, ''])
    })

    it('with --force exits with 3 and names the committed delta when its LIST after the delta fails', async () => {
      await program.chart('app', '1.0.0', { 'other.txt': 'other bytes' })
      goAfter(isDelta)
      const { status, stderr } = await run(`push app-1.0.0.tgz ${URI} --force`)
      assert.equal(status, 3)
      assert.match(stderr, committed(inDelta('app 1\\.0\\.0'), 'nobody answers'))
    })

    it('with --force exits with 3 and names the replaced archive when its delta cannot be written', async () => {
      await program.chart('app', '1.0.0', { 'other.txt': 'other bytes' })
      goAfter(isArchive)
      const { status, stderr } = await run(`push app-1.0.0.tgz ${URI} --force`)
      assert.equal(status, 3)
      assert.match(
        stderr,
        /^Error: the archive of app 1\.0\.0 has been replaced, or may be, while the index may still describe the old one; not finished: .*nobody answers/,
      )
      program.fail({})
      await program.ok('push', program.path('app-1.0.0.tgz'), URI, '--force')
      assert.match(await program.ok('check', URI, '--deep'), /all is well/)
    })

    it('exits with 1 when only its new archive was written', async () => {
      goAfter(isArchive)
      const { status, stderr } = await run(`push web-1.0.0.tgz ${URI}`)
      assert.equal(status, 1)
      assert.match(stderr, /^Error: upload index to s3: upload delta to S3 bucket: nobody answers\n/)
      program.fail({})
      await program.ok('push', program.path('web-1.0.0.tgz'), URI)
    })

    it('exits with 3 when the write of its delta has no answer and the store cannot be asked for it', async () => {
      goAfter(isDelta, { loses: true })
      const { status, stderr } = await run(`push web-1.0.0.tgz ${URI}`)
      assert.equal(status, 3)
      assert.match(
        stderr,
        new RegExp(
          `^Error: no answer to the write of ${ULID}: it may or may not have taken effect \\(nobody answers\\)\n`,
        ),
      )
    })

    it('exits with 3 when the write of its delta has no answer and its repetition is denied', async () => {
      let sent = 0
      watch(async (line, send) => {
        if (!isDelta(line)) return send()
        if (++sent === 1)
          return { outcome: 'unknown', cause: new Error('no answer') } as Awaited<ReturnType<typeof send>>
        throw new HelmS3Error('denied', 'AccessDenied')
      })
      const { status, stderr } = await run(`push web-1.0.0.tgz ${URI}`)
      assert.equal(status, 3)
      assert.match(stderr, /^Error: no answer to the write of .*AccessDenied/)
    })

    it('succeeds when only the compaction fails', async () => {
      let lists = 0
      goAfter((line) => isList(line) && ++lists === 2)
      const { status, stderr, stdout } = await run(`push web-1.0.0.tgz ${URI} -ojson`)
      assert.deepEqual([status, stderr], [0, ''])
      assert.deepEqual((resultOf('push', stdout) as { pushed: object[] }).pushed.length, 1)
      assert.ok(await isIn('web', '1.0.0'))
    })

    it('exits with 3 and names the committed delta also when it fails by a bug of this program', async () => {
      let isCommitted = false
      watch(async (line, send) => {
        if (isCommitted) throw new TypeError('a fault')
        isCommitted = isDelta(line)
        return send()
      })
      const { status, stderr } = await run(`push web-1.0.0.tgz ${URI}`)
      assert.equal(status, 3)
      assert.match(stderr, committed(inDelta('web 1\\.0\\.0'), 'unexpected: a fault\nHint: '))
    })

    it('of several charts is refused as a whole, with exit code 1, when another client pushes one of them meanwhile', async () => {
      await program.chart('web', '2.0.0')
      let isFirst = true
      watch(async (line, send) => {
        if (line === 'PUT charts/web-2.0.0.tgz' && isFirst) {
          isFirst = false
          assert.equal((await run(`push web-2.0.0.tgz ${URI}`)).status, 0)
        }
        return send()
      })
      const { status, stderr } = await run(`push web-1.0.0.tgz web-2.0.0.tgz ${URI}`)
      assert.equal(status, 1)
      assert.match(stderr, /^These charts already exist .*\n\n {2}web 2\.0\.0\n\nNothing was pushed\.\n/)
      assert.deepEqual([await isIn('web', '1.0.0'), await isIn('web', '2.0.0')], [false, true])
    })
  })

  it('a copy exits with 3 and names the committed delta when its LIST after the delta fails', async () => {
    goAfter(isDelta)
    const { status, stderr } = await run(`copy app ${URI} ${OTHER} --all-versions`)
    assert.equal(status, 3)
    assert.match(stderr, committed(inDelta('app 1\\.1\\.0, app 1\\.0\\.0'), 'nobody answers'))
    assert.ok(await isIn('app', '1.1.0', OTHER))
  })

  it('a restore exits with 3 and names the committed delta when its LIST after the delta fails', async () => {
    program.fail({ delete: nobody })
    await program.run('delete', 'app', URI, '--version=1.0.0')
    goAfter(isDelta)
    program.pass(120_000)
    const { status, stderr } = await run(`restore app ${URI} --version=1.0.0`)
    assert.equal(status, 3, stderr)
    assert.match(stderr, committed(inDelta('app 1\\.0\\.0'), 'nobody answers\nHint: .*helm s3 list'))
    assert.ok(await isIn('app', '1.0.0'))
  })

  describe('a deletion', () => {
    const leftover = (...keys: readonly string[]): RegExp =>
      new RegExp(
        `^helm-s3: removed from the index, and still in the bucket or not known to be gone: ${keys.join(', ')} ` +
          `\\(.+\\); \`helm s3 prune ${URI} --orphans\` removes what stays\n$`,
      )

    it('succeeds and names the archives that stay when no request is answered after its delta', async () => {
      goAfter(isDelta)
      const { status, stderr, stdout } = await run(`delete app ${URI} --all -ojson`)
      assert.equal(status, 0)
      assert.match(stderr, leftover('charts/app-1.1.0.tgz', 'charts/app-1.0.0.tgz'))
      const { keptArchives, removed } = resultOf('delete', stdout) as { keptArchives: string[]; removed: object[] }
      assert.deepEqual([removed.length, keptArchives], [2, ['charts/app-1.1.0.tgz', 'charts/app-1.0.0.tgz']])
      assert.equal(await isIn('app', '1.0.0'), false)
    })

    it('succeeds and names the archive that may not be deleted, and deletes the others', async () => {
      watch((line, send) =>
        line === 'DELETE charts/app-1.0.0.tgz' ? Promise.reject(new HelmS3Error('denied', 'AccessDenied')) : send(),
      )
      const { status, stderr, stdout } = await run(`delete app ${URI} --all`)
      assert.deepEqual([status, stdout], [0, 'Successfully deleted 2 chart versions from the repository.\n'])
      assert.match(stderr, leftover('charts/app-1.0.0.tgz'))
      assert.match(stderr, /AccessDenied/)
      assert.deepEqual(await program.keys('charts/app'), ['charts/app-1.0.0.tgz'])
    })

    it('succeeds and names the archive when the answer to its DELETE is lost', async () => {
      goAfter((line) => line.startsWith('DELETE'), { loses: true })
      const { status, stderr } = await run(`delete app ${URI} --version=1.0.0`)
      assert.equal(status, 0)
      assert.match(stderr, leftover('charts/app-1.0.0.tgz'))
    })

    it('succeeds and names the archive and the reason when the store refuses its DELETE although nobody has replaced it', async () => {
      program.fail({
        delete: async (key, options) =>
          key.endsWith('.tgz') ? { outcome: 'refused' } : program.bucket.delete(key, options),
      })
      const { status, stderr, stdout } = await run(`delete app ${URI} --version=1.0.0`)
      assert.deepEqual([status, stdout], [0, 'Successfully deleted the chart from the repository.\n'])
      assert.match(stderr, leftover('charts/app-1.0.0.tgz'))
      assert.match(stderr, /\(the store refused to delete it, and nobody has replaced it\)/)
    })

    it('does not name an archive that another client has replaced meanwhile', async () => {
      program.fail({
        delete: async (key, options) => {
          if (!key.endsWith('app-1.0.0.tgz')) return program.bucket.delete(key, options)
          await program.bucket.put(key, Buffer.from('another'), { when: 'always' })
          return { outcome: 'refused' }
        },
      })
      assert.deepEqual([(await run(`delete app ${URI} --version=1.0.0`)).stderr], [''])
    })

    it('by prune succeeds and names the archive that stays when no request is answered after its delta', async () => {
      goAfter(isDelta)
      const { status, stderr, stdout } = await run(`prune ${URI} --keep-last=1 -ojson`)
      assert.equal(status, 0)
      assert.match(stderr, leftover('charts/app-1.0.0.tgz'))
      const { keptArchives, removed } = resultOf('prune', stdout) as { keptArchives: string[]; removed: object[] }
      assert.deepEqual([removed.length, keptArchives], [1, ['charts/app-1.0.0.tgz']])
    })

    it('succeeds with --quiet and prints nothing about archives that stay', async () => {
      goAfter(isDelta)
      assert.deepEqual(
        (({ status, stderr, stdout }) => ({ status, stderr, stdout }))(await run(`delete app ${URI} --all --quiet`)),
        { status: 0, stderr: '', stdout: '' },
      )
    })

    it('exits with 3 when the write of its delta has no answer and the store cannot be asked for it', async () => {
      goAfter(isDelta, { loses: true })
      const { status, stderr } = await run(`delete app ${URI} --all`)
      assert.equal(status, 3)
      assert.match(stderr, /^Error: no answer to the write of /)
    })

    it('of many versions exits with 3 and says how many are removed when its second delta is denied', async () => {
      const paths = await Promise.all(Array.from({ length: 600 }, (_, i) => program.chart('many', `1.0.${String(i)}`)))
      await program.ok('push', ...paths, URI, '--ignore-if-exists')
      // Each HEAD of an archive seems to take so long that one delta takes at most five hundred of them.
      let late = 0
      program.clock = { monotonic: () => systemClock.monotonic() + late }
      let deltas = 0
      watch((line, send) => {
        if (line.startsWith('HEAD charts/many')) late += 20
        if (isDelta(line) && ++deltas === 2) return Promise.reject(new HelmS3Error('denied', 'AccessDenied'))
        return send()
      })
      const { status, stderr, stdout } = await run(`delete many ${URI} --all`)
      assert.deepEqual([status, stdout], [3, ''])
      assert.match(
        stderr,
        new RegExp(
          `Error: committed: the removal of 500 versions \\(delta ${ULID}\\); not finished: .*AccessDenied\nHint: ` +
            `.*the same command with --ignore-missing`,
        ),
      )
      program.fail({})
      program.clock = {}
      assert.match(await program.ok('delete', 'many', URI, '--all', '--ignore-missing'), /deleted 100 chart versions/)
    })
  })

  describe('a reindex', () => {
    beforeEach(async () => {
      const archive = await program.object('charts/app-1.0.0.tgz')
      await program.ok('delete', 'app', URI, '--all')
      await program.bucket.put(asKey('other/app-1.0.0.tgz'), archive?.body ?? Buffer.of(), { when: 'always' })
    })

    it('exits with 3 and names the committed delta when its read after the delta fails', async () => {
      goAfter(isDelta)
      const { status, stderr } = await run(`reindex ${OTHER}`)
      assert.equal(status, 3)
      assert.match(
        stderr,
        committed(
          inDelta('app 1\\.0\\.0'),
          'nobody answers\nHint: look at the network; run the same command again to do the rest\n',
        ),
      )
      program.fail({})
      await program.ok('reindex', OTHER)
      assert.ok(await isIn('app', '1.0.0', OTHER))
    })

    it('that rebuilds a missing index succeeds when no request is answered after index.yaml is written', async () => {
      await program.bucket.delete(asKey('other/index.yaml'))
      goAfter(isIndex)
      const { status, stderr, stdout } = await run(`reindex ${OTHER}`)
      assert.deepEqual([status, stderr], [0, ''])
      assert.match(stdout, /^There was no index\.yaml: created one\.\nAdded app 1\.0\.0/)
    })

    it('of check --fix exits with 3 and names index.yaml when no request is answered after index.yaml is written', async () => {
      await program.bucket.delete(asKey('other/index.yaml'))
      goAfter(isIndex)
      const { status, stderr } = await run(`check ${OTHER} --fix`)
      assert.equal(status, 3)
      assert.match(stderr, committed('other/index\\.yaml', 'nobody answers'))
    })
  })

  describe('a compaction', () => {
    beforeEach(async () => {
      await program.ok('push', program.path('web-1.0.0.tgz'), URI, '--no-compact')
      program.pass(10 * 60_000)
    })
    const stays =
      /^helm-s3: index\.yaml is written \(generation 3\), but old deltas stay until the next compaction: (.*)\n$/

    it('succeeds and says that old deltas stay when no request is answered after index.yaml is written', async () => {
      goAfter(isIndex)
      const { status, stderr, stdout } = await run(`compact ${URI} -ojson`)
      assert.equal(status, 0)
      assert.equal(stays.exec(stderr)?.[1], 'nobody answers; look at the network')
      const { collected, folded, written } = resultOf('compact', stdout) as {
        collected: string[]
        folded: string[]
        written: boolean
      }
      assert.deepEqual([written, folded.length, collected], [true, 1, []])
    })

    it('succeeds and names the missing permission when deltas may not be deleted', async () => {
      program.fail({ delete: () => Promise.reject(new HelmS3Error('denied', 'AccessDenied')) })
      const { status, stderr } = await run(`compact ${URI}`)
      assert.equal(status, 0)
      assert.equal(stays.exec(stderr)?.[1], 'AccessDenied; collection needs s3:DeleteObject on charts/index.d/*')
    })

    it('at the end of a push says nothing when deltas may not be deleted', async () => {
      program.fail({ delete: () => Promise.reject(new HelmS3Error('denied', 'AccessDenied')) })
      await program.chart('web', '2.0.0')
      const { status, stderr } = await run(`push web-2.0.0.tgz ${URI}`)
      assert.deepEqual([status, stderr], [0, ''])
    })

    it('exits with 3 when the write of index.yaml has no answer and the store cannot be asked for it', async () => {
      goAfter(isIndex, { loses: true })
      const { status, stderr } = await run(`compact ${URI}`)
      assert.equal(status, 3)
      assert.match(stderr, /^Error: no answer to the write of charts\/index\.yaml\n/)
    })

    it(
      'sends index.yaml again after a HEAD when the first PUT could not be sent; it exits with 1 when the store stops ' +
        'answering before that',
      async () => {
        let [puts, heads] = [0, 0]
        watch((line, send) => {
          if (line === 'HEAD charts/index.yaml') heads++
          return isIndex(line) && ++puts === 1 ? nobody() : send()
        })
        assert.match((await run(`compact ${URI}`)).stdout, /^Folded 1 delta into index\.yaml, generation 3/)
        assert.deepEqual([puts, heads], [2, 1])
        goAfter((line) => line === 'LIST charts/index.d/')
        assert.equal((await run(`compact ${URI}`)).status, 1)
      },
    )
  })

  it('config and init succeed when no request is answered after their write', async () => {
    goAfter(isConfig)
    assert.equal((await run(`config ${URI} relative=true`)).status, 0)
    goAfter(isIndex)
    assert.deepEqual(await run('init s3://acme/fresh').then(({ status, stderr }) => [status, stderr]), [0, ''])
  })

  it('config exits with 3 when its write has no answer and the store cannot be asked for it', async () => {
    goAfter(isConfig, { loses: true })
    const { status, stderr } = await run(`config ${URI} relative=true`)
    assert.equal(status, 3)
    assert.match(stderr, /^Error: no answer to the write of charts\/index\.d\/config\.json \(nobody answers\)\n/)
  })

  describe('a command that a signal ends', () => {
    /** Runs a command until it hangs at this request, then interrupts it. */
    async function interrupt(line: string, at: Matcher): Promise<Result> {
      const controller = new AbortController()
      program.interrupted = controller.signal
      const { reached } = hangAt(at)
      const running = run(line)
      await reached
      controller.abort(new Interruption('SIGTERM', 143))
      return running
    }
    const afterDelta = (matches: Matcher): Matcher => {
      let isCommitted = false
      return (line) => {
        if (isCommitted) return matches(line)
        isCommitted = isDelta(line)
        return false
      }
    }

    it('names the committed delta', async () => {
      const { status, stderr, stdout } = await interrupt(`push web-1.0.0.tgz ${URI}`, afterDelta(isList))
      assert.deepEqual([status, stdout], [143, ''])
      assert.match(
        stderr,
        new RegExp(`^helm-s3: committed: ${inDelta('web 1\\.0\\.0')}; ended before everything was done\n$`),
      )
    })

    it('names the write that has no answer yet', async () => {
      const { status, stderr } = await interrupt(`delete app ${URI} --version=1.0.0`, isDelta)
      assert.equal(status, 143)
      assert.match(
        stderr,
        new RegExp(
          `^helm-s3: no answer to the write of the removal of ${inDelta('app 1\\.0\\.0')}: it may or may not take ` +
            `effect; ended before everything was done\n$`,
        ),
      )
    })

    it('says nothing when it has changed nothing', async () => {
      const { status, stderr } = await interrupt(`push web-1.0.0.tgz ${URI}`, isList)
      assert.deepEqual([status, stderr], [143, ''])
    })
  })

  describe('a command that exceeds --timeout', () => {
    /** Runs a command until it hangs at this request, then lets its timeout pass. */
    async function expire(line: string, at: Matcher): Promise<Result> {
      const { reached } = hangAt(at)
      program.clock = {
        sleep: async (milliseconds, signal) => {
          if (milliseconds === 77_000) return reached
          // The time for the last messages is not limited here.
          if (milliseconds === 500) return systemClock.sleep(10_000, signal)
          return systemClock.sleep(1, signal)
        },
      }
      return run(`${line} --timeout=77s`)
    }
    const nth = (n: number, matches: Matcher): Matcher => {
      let seen = 0
      return (line) => matches(line) && ++seen === n
    }

    it('exits with 3 and names the committed delta when it was in the LIST after the delta of a push', async () => {
      const { status, stderr } = await expire(`push web-1.0.0.tgz ${URI}`, nth(2, isList))
      assert.equal(status, 3)
      assert.match(stderr, committed(inDelta('web 1\\.0\\.0'), 'not done after 1m17s\nHint: '))
    })

    it('succeeds when only the compaction was left', async () => {
      const { status, stderr, stdout } = await expire(`push web-1.0.0.tgz ${URI} -ojson`, nth(3, isList))
      assert.deepEqual([status, stderr], [0, ''])
      assert.equal((resultOf('push', stdout) as { pushed: object[] }).pushed.length, 1)
    })

    it('succeeds and names the archive when only the DELETE of an archive was left', async () => {
      const { status, stderr, stdout } = await expire(`delete app ${URI} --version=1.0.0`, (line) =>
        line.startsWith('DELETE'),
      )
      assert.deepEqual([status, stdout], [0, 'Successfully deleted the chart from the repository.\n'])
      assert.match(stderr, /^helm-s3: removed from the index, .*: charts\/app-1\.0\.0\.tgz \(/)
    })

    it('exits with 3 when the write of its delta had no answer yet', async () => {
      const { status, stderr } = await expire(`push web-1.0.0.tgz ${URI}`, isDelta)
      assert.equal(status, 3)
      assert.match(
        stderr,
        new RegExp(
          `^Error: no answer to the write of ${ULID}: it may or may not have taken effect \\(not done after 1m17s\\)\n`,
        ),
      )
    })

    it('exits with 1 when it had not written anything yet', async () => {
      const { status, stderr } = await expire(`push web-1.0.0.tgz ${URI}`, isList)
      assert.equal(status, 1)
      assert.match(stderr, /^Error: not done after 1m17s\n/)
    })
  })
})
