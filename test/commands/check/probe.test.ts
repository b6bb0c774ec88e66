import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { findsOneIn } from '../../../lib/core/check/probe-report.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { type Key, asKey } from '../../../lib/core/keys.ts'
import { OTHER_ETAG } from '../../../lib/protocol/write/probe-objects.ts'
import type { ObjectStore, PutOutcome } from '../../../lib/store/object-store.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'
import { MEASURED, parts, races } from './measured-stores.ts'
import { URI } from './repository.ts'

interface RaceValue {
  readonly keeps: string
  readonly rounds: number
  readonly wrong: number
  readonly findsOneIn: number | null
}

type WritersRace = RaceValue & { readonly mostWinners: number; readonly withoutWinner: number }

interface Probed {
  readonly status: number
  readonly level: string
  /** Details of the findings about the store, by code. */
  readonly finds: Readonly<Record<string, string>>
  readonly probe: Readonly<Record<string, unknown>> & {
    readonly create: WritersRace
    readonly swap: WritersRace
    readonly delete: RaceValue
  }
}

const FAILED: PutOutcome = {
  outcome: 'unknown',
  cause: new HelmS3Error('store-failed', 'InternalError'),
  isFailure: true,
}

/** Lets the requests that were sent with this one be looked at first. */
const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('check --probe', () => {
  const program = useProgram()

  const probed = async (...flags: readonly string[]): Promise<Probed> => {
    const { status, stdout, stderr } = await program.run('check', URI, '-ojson', '--probe', ...flags)
    assert.equal(stderr, '')
    const value = resultOf('check', stdout) as Pick<Probed, 'level' | 'probe'> & {
      readonly findings: readonly { readonly code: string; readonly detail: string }[]
    }
    const finds = Object.fromEntries(
      value.findings.flatMap(({ code, detail }) => (code.startsWith('store-') ? [[code, detail]] : [])),
    )
    return { status, level: value.level, probe: value.probe, finds }
  }
  /** What a probe of few rounds finds in a store that differs in these methods. */
  const found = async (store: Partial<ObjectStore>): Promise<Probed> => {
    program.fail(store)
    return probed('--rounds', '3')
  }
  const put = (...args: Parameters<ObjectStore['put']>): Promise<PutOutcome> => program.bucket.put(...args)

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  describe('gives the level of each store that was measured, and leaves no object behind', () => {
    for (const [name, { finds, keeps, level, store }] of Object.entries(MEASURED)) {
      it(`${name}: ${level}`, async () => {
        program.fail(store(program.bucket))
        const before = await program.keys()
        const { finds: seen, level: said, probe, status } = await probed()
        assert.deepEqual([said, Object.keys(seen).sort()], [level, finds])
        assert.deepEqual({ create: probe.create.keeps, swap: probe.swap.keeps, delete: probe.delete.keeps }, keeps)
        assert.equal(status, level.startsWith('exact') ? 0 : 1, 'all is well where the level is exact, and only there')
        assert.deepEqual(await program.keys(), before)
        assert.deepEqual(await program.bucket.uploads?.list(''), [])
      })
    }
  })

  it('goes no further on a store whose listings are not consistent, such as s3s-fs, which lists no ETags', async () => {
    program.fail({
      list: async () => {
        throw new HelmS3Error('store-failed', 'list s3://acme: the listing is not consistent')
      },
    })
    assert.match(await program.fails('check', URI, '--probe'), /the listing is not consistent/)
  })

  describe('counts the rounds of a race', () => {
    it('that went wrong, and the most writers that won', async () => {
      program.fail(races({ creations: { rounds: 12, winners: 8 }, swaps: { rounds: 3, winners: 2 } })(program.bucket))
      const { finds, probe } = await probed()
      assert.deepEqual(probe.create, {
        keeps: 'racy',
        rounds: 30,
        wrong: 12,
        mostWinners: 8,
        withoutWinner: 0,
        findsOneIn: 10,
      })
      assert.deepEqual([probe.swap.wrong, probe.swap.mostWinners], [3, 2])
      assert.equal(
        finds['store-create-races'],
        'more than one of several writers won in 12 of 30 rounds, up to 8 at once',
      )
    })

    it('only as far as is needed to say how often, after one that went wrong', async () => {
      program.fail(races({ creations: { rounds: 1, winners: 2 } })(program.bucket))
      const { probe } = await probed('--rounds', '40')
      assert.deepEqual([probe.create.rounds, probe.swap.rounds], [30, 40])
    })

    it('in which no writer won, where a single one does: that is a remark', async () => {
      const asked = new Map<string, number>()
      const { finds, level, probe, status } = await found({
        put: async (key, body, options) => {
          const count = (asked.get(key) ?? 0) + 1
          asked.set(key, count)
          const isRefused = /\/create-[01]$/.test(key) && count <= 16
          return isRefused ? { outcome: 'refused', isBusy: true } : put(key, body, options)
        },
      })
      assert.deepEqual([status, level, Object.keys(finds)], [0, 'exact', ['store-without-winner']])
      assert.deepEqual([probe.create.keeps, probe.create.withoutWinner, probe.swap.withoutWinner], ['exact', 2, 0])
      assert.equal(finds['store-without-winner'], 'in 2 of 3 rounds of creations; after each a single write succeeded')
    })

    it('in which no writer won, and no single one does: the store is of no use', async () => {
      const { finds, level } = await found({
        put: async (key, body, options) =>
          options.when === 'absent' ? { outcome: 'refused' } : put(key, body, options),
      })
      assert.equal(level, 'unsafe')
      assert.match(finds['store-refuses-conditions'] ?? '', /If-None-Match.*: none of several writers won/)
    })

    it('in which the only winner has had no answer as won', async () => {
      const { finds, level, probe } = await found({
        put: async (key, body, options) => {
          const { outcome } = await put(key, body, options)
          return options.when === 'always'
            ? put(key, body, options)
            : outcome === 'written'
              ? FAILED
              : { outcome: 'refused' }
        },
      })
      assert.deepEqual([level, finds], ['exact', {}])
      assert.deepEqual([probe.create.withoutWinner, probe.create.mostWinners], [0, 1])
    })

    it('in which a writer without an answer has overwritten the winner as wrong', async () => {
      const writers = new Map<string, number>()
      const { level, probe } = await found({
        put: async (key, body, options) => {
          const count = (writers.get(key) ?? 0) + 1
          writers.set(key, count)
          if (!/\/create-\d$/.test(key) || options.when !== 'absent' || count !== 2) return put(key, body, options)
          await put(key, body, { ...options, when: 'always' })
          return FAILED
        },
      })
      assert.deepEqual([level, probe.create.wrong, probe.create.mostWinners], ['index only', 3, 2])
    })

    it('also where the store fails nearly all writers of an object', async () => {
      let asked = 0
      const { level, probe } = await found({
        put: async (key, body, options) =>
          key.endsWith('/swap') && typeof options.when === 'object' && ++asked % 16 !== 1
            ? FAILED
            : put(key, body, options),
      })
      assert.deepEqual([level, probe.swap.keeps], ['exact', 'exact'])
    })
  })

  it('says of a store that refuses a write and carries it out that it ignores the condition', async () => {
    const { level, probe } = await found({
      put: async (key, body, options) => {
        const refused = (await put(key, body, options)).outcome === 'refused'
        const written = await put(key, body, { ...options, when: 'always' })
        return refused ? { outcome: 'refused' } : written
      },
    })
    assert.deepEqual([level, probe.create.keeps, probe.swap.keeps], ['index only', 'ignored', 'ignored'])
  })

  for (const code of ['store-failed', 'unsupported-store'] as const) {
    it(`tells a condition that is answered with an error from one that is ignored: ${code}`, async () => {
      const { finds, level, probe } = await found({
        put: async (key, body, options) => {
          if (options.when === 'absent') throw new HelmS3Error(code, 'the header is not known')
          return put(key, body, options)
        },
      })
      assert.deepEqual([level, probe.create.keeps, probe.swap.keeps], ['unsafe', 'refused', 'exact'])
      assert.match(
        finds['store-refuses-conditions'] ?? '',
        /^it refuses If-None-Match: \* where nothing is, with an error$/,
      )
    })
  }

  it('finds a DELETE that takes away what was put in the place of its object a moment before', async () => {
    const { finds, level, probe } = await found({
      put: async (key, body, options) => {
        if (key.endsWith('/removed')) await later()
        return put(key, body, options)
      },
      delete: async (key, options = {}) => {
        if (options.match !== undefined && (await program.bucket.head(key))?.etag !== options.match)
          return { outcome: 'refused' }
        await later()
        await later()
        return program.bucket.delete(key)
      },
    })
    assert.deepEqual([level, probe.delete.keeps, probe.delete.wrong], ['exact but for deletes', 'racy', 3])
    assert.match(finds['store-deletes-always'] ?? '', /had just been put in the place of its object, in 3 of 3 rounds/)
  })

  describe('finds wrong listings', () => {
    type List = ObjectStore['list']
    const wrong: Readonly<Record<string, readonly [List, RegExp]>> = {
      'that decode the plus sign of a key': [
        async (...args) => {
          const page = await program.bucket.list(...args)
          return { ...page, objects: page.objects.map((each) => ({ ...each, key: each.key.replace('+', ' ') as Key })) }
        },
        /^"a\+b" is missing on pages that follow by token$/,
      ],
      'that leave out the first object of each page but the first': [
        async (prefix, options) => {
          const page = await program.bucket.list(prefix, options)
          return options?.token === undefined ? page : { ...page, objects: page.objects.slice(1) }
        },
        /is missing on pages that follow by token/,
      ],
      'that show the last object of a page on the next one, too': [
        async (prefix, options) => {
          const page = await program.bucket.list(prefix, options)
          const token = options?.token
          const again = token === undefined ? [] : (await program.bucket.list(token)).objects.slice(0, 1)
          return { ...page, objects: [...again, ...page.objects] }
        },
        /keys are listed twice on pages that follow by token/,
      ],
      'that put lower case first': [
        async (...args) => {
          const page = await program.bucket.list(...args)
          const objects = [...page.objects].sort((a, b) => a.key.localeCompare(b.key))
          return { ...page, objects }
        },
        /keys are not in the order of their bytes/,
      ],
      'that ignore StartAfter': [
        async (prefix, { startAfter: _, ...options } = {}) => program.bucket.list(prefix, options),
        /is missing on pages that follow by StartAfter/,
      ],
      'that end after a key that does not exist': [
        async (prefix, options) => {
          const page = await program.bucket.list(prefix, options)
          return options?.startAfter?.endsWith('!') === true ? { ...page, objects: [] } : page
        },
        /is missing after a key that does not exist/,
      ],
      'that fail a page': [
        async (prefix, options) => {
          if (options?.token !== undefined) throw new HelmS3Error('store-failed', 'list s3://acme: InternalError')
          return program.bucket.list(prefix, options)
        },
        /^list s3:\/\/acme: InternalError$/,
      ],
      'that go on without an end': [
        async (prefix, options) => ({ ...(await program.bucket.list(prefix, options)), next: 'again' }),
        /is missing|listed twice/,
      ],
    }
    for (const [what, [list, detail]] of Object.entries(wrong)) {
      it(what, async () => {
        const { finds, level, probe, status } = await found({
          list: (prefix, options) =>
            prefix.endsWith('/list/') ? list(prefix, options) : program.bucket.list(prefix, options),
        })
        assert.deepEqual(
          [status, level, Object.keys(finds), probe['listings']],
          [1, 'unsafe', ['store-listings-wrong'], 'wrong'],
        )
        assert.match(finds['store-listings-wrong'] ?? '', detail)
      })
    }

    it('but only remarks that pages were not tried where the store gives all on one page', async () => {
      const { finds, level, probe } = await found({
        list: (prefix, { most: _, ...options } = {}) => program.bucket.list(prefix, options),
      })
      assert.deepEqual([level, Object.keys(finds), probe['listings']], ['exact', ['store-pages-untried'], 'untried'])
    })

    it('where the store refuses a key', async () => {
      const { finds, level } = await found({
        put: async (key, ...rest) => {
          if (key.endsWith('~b')) throw new HelmS3Error('store-failed', 'write: InvalidArgument')
          return put(key, ...rest)
        },
      })
      assert.deepEqual([level, finds], ['unsafe', { 'store-listings-wrong': 'write: InvalidArgument' }])
    })
  })

  it('finds bodies that are mixed, gone or cannot be read after several were put at once', async () => {
    let last: Uint8Array = new Uint8Array()
    const mixed = await found({
      put: async (key, body, options) => {
        const before = last
        last = body
        const isMixed = key.endsWith('/body') && before.length === body.length
        return put(key, isMixed ? Buffer.concat([before.slice(0, 1000), body.slice(1000)]) : body, options)
      },
    })
    assert.deepEqual([mixed.level, mixed.probe['bodies']], ['unsafe', 'mixed'])
    assert.match(mixed.finds['store-mixes-bodies'] ?? '', /what 4 writers at once, each of 64 KiB have put is none of/)
    const gone = await found({
      get: async (key, ...rest) => (key.endsWith('/body') ? undefined : program.bucket.get(key, ...rest)),
    })
    assert.match(gone.finds['store-mixes-bodies'] ?? '', /and nothing stands/)
    const unreadable = await found({
      get: async (key, ...rest) => {
        if (key.endsWith('/body')) throw new HelmS3Error('store-failed', 'the bytes do not match their checksum')
        return program.bucket.get(key, ...rest)
      },
    })
    assert.match(unreadable.finds['store-mixes-bodies'] ?? '', /cannot be read/)
  })

  it('leaves nothing behind where an object stays out of sight after a DELETE and a PUT have crossed', async () => {
    const { bucket } = program
    const hidden = new Set<Key>()
    const shown = async <T>(key: Key, look: () => Promise<T>): Promise<T | undefined> =>
      hidden.has(key) ? undefined : look()
    const { level } = await found({
      put: async (key, body, options) => {
        const answer = await put(key, body, options)
        if (answer.outcome === 'written') hidden.delete(key)
        return answer
      },
      delete: async (key, options = {}) => {
        const { match } = options
        const head = await bucket.head(key)
        if (head === undefined || match === undefined || match === head.etag || match === OTHER_ETAG)
          return hidden.has(key) ? { outcome: 'deleted', date: Date.now() } : bucket.delete(key, options)
        hidden.add(key)
        return { outcome: 'deleted', date: head.date }
      },
      get: (key, ...rest) => shown(key, () => bucket.get(key, ...rest)),
      head: (key) => shown(key, () => bucket.head(key)),
      list: async (...args) => {
        const page = await bucket.list(...args)
        return { ...page, objects: page.objects.filter(({ key }) => !hidden.has(key)) }
      },
    })
    assert.equal(level, 'exact but for deletes')
    assert.deepEqual(await program.keys('charts/.helm-s3-probe/'), [])
  })

  it('looks again for what one listing does not show, and gives up on what never goes', async () => {
    const { bucket } = program
    let looks = 0
    await found({
      list: async (prefix, options) => {
        const page = await bucket.list(prefix, options)
        if (prefix !== 'charts/.helm-s3-probe/' || !page.objects.some(({ key }) => key.endsWith('/swap'))) return page
        return looks++ === 0 ? { ...page, objects: page.objects.filter(({ key }) => !key.endsWith('/swap')) } : page
      },
    })
    assert.equal(looks, 2)
    assert.deepEqual(await program.keys('charts/.helm-s3-probe/'), [])
    const ghost = { key: asKey('charts/.helm-s3-probe/0123/'), etag: OTHER_ETAG, size: 0, lastModified: 0 }
    const removed: Key[] = []
    const { level } = await found({
      list: async (prefix, options) => {
        const page = await bucket.list(prefix, options)
        return prefix === 'charts/.helm-s3-probe/' ? { ...page, objects: [...page.objects, ghost] } : page
      },
      delete: (key, options) => {
        if (key === ghost.key) removed.push(key)
        return bucket.delete(key, options)
      },
    })
    // The probe of composing has looked once.
    assert.deepEqual([level, removed.length], ['exact', 5])
    assert.deepEqual(await program.keys('charts/.helm-s3-probe/'), [])
  })

  it('remarks which reads send more than they are asked for', async () => {
    const { bucket } = program
    const { finds, level, probe } = await found({
      getUnless: (key) => bucket.get(key),
      getTail: (key) => bucket.get(key),
      getRange: async () => 'unsupported',
    })
    assert.equal(level, 'exact')
    assert.deepEqual([probe['sendsUnchanged'], probe['ranges'], probe['ends']], [true, false, false])
    assert.equal(
      finds['store-sends-whole'],
      'it sends an object that has not changed, and more than the range that was asked for, and more than the end that was asked for',
    )
  })

  it('remarks which requests of a composed write are not exact', async () => {
    const { finds, level, probe } = await found(parts('ignores If-Match', 'copies nothing')(program.bucket))
    assert.deepEqual(
      [level, probe['partCopy'], probe['partSwap'], probe['partCreate']],
      ['exact', 'unsupported', 'ignored', 'exact'],
    )
    assert.equal(
      finds['store-composes-not'],
      'UploadPartCopy with the ETag of its source: unsupported; CompleteMultipartUpload with If-Match: ignored',
    )
  })

  it('remarks that index.yaml is not composed where an upload that is given up takes the object with it', async () => {
    const { level, probe } = await found(parts('gives up the object, too')(program.bucket))
    assert.deepEqual([level, probe['partCopy'], probe['partSwap']], ['exact', 'exact', 'ignored'])
  })

  it('warns when the servers of the store have different clocks, or its objects another one', async () => {
    let asked = 0
    const apart = await found({
      head: async (key) => {
        const head = await program.bucket.head(key)
        return head && { ...head, date: head.date + (key.includes('probe') && ++asked % 2 === 0 ? 60_000 : 0) }
      },
    })
    assert.match(apart.finds['store-clocks-differ'] ?? '', /^the dates of two answers are (?:59|60) s apart$/)
    assert.deepEqual([apart.status, apart.level], [1, 'exact'])
    const ahead = await found({
      list: async (prefix, options) => {
        const page = await program.bucket.list(prefix, options)
        if (!prefix.includes('probe')) return page
        return { ...page, objects: page.objects.map((each) => ({ ...each, lastModified: each.lastModified - 60_000 })) }
      },
    })
    assert.match(
      ahead.finds['store-clocks-differ'] ?? '',
      /^LastModified is (?:59|60|61) s behind the date of the answer$/,
    )
  })

  describe('with --rounds', () => {
    it('runs so many, and says how rare a race may be that it finds', async () => {
      for (const [rounds, oneIn] of [
        [1, 1],
        [30, 10],
        [60, 20],
      ] as const) {
        const { probe } = await probed('--rounds', String(rounds))
        for (const race of [probe.create, probe.swap, probe.delete])
          assert.deepEqual([race.rounds, race.findsOneIn], [rounds, oneIn])
      }
    })

    it('says it in plain words, of the races that went well', async () => {
      const all = await program.ok('check', URI, '--probe', '--rounds', '60')
      assert.match(
        all,
        /\nStore: exact\.\nRaces: none of 60 rounds of creations, replacements, deletions went wrong; a race that goes wrong in 1 of 20 rounds would have been found by 95 of 100 probes\.\n/,
      )
      program.fail(races({ creations: { rounds: 2, winners: 2 } })(program.bucket))
      const { stdout } = await program.run('check', URI, '--probe')
      assert.match(stdout, /\nRaces: none of 30 rounds of replacements, deletions went wrong; .* in 1 of 10 rounds /)
    })

    it('says of few rounds that they find only a race that always goes wrong', async () => {
      const said = async (rounds: number): Promise<string> =>
        /\nRaces: .*/.exec(await program.ok('check', URI, '--probe', '--rounds', String(rounds)))?.[0].trim() ?? ''
      const few = 'so few rounds find only a race that always goes wrong.'
      const names = 'of creations, replacements, deletions'
      assert.equal(await said(1), `Races: one round ${names} went well; ${few}`)
      assert.equal(await said(2), `Races: none of 2 rounds ${names} went wrong; ${few}`)
      assert.equal(await said(4), `Races: none of 4 rounds ${names} went wrong; ${few}`)
      assert.match(
        await said(5),
        /; a race that goes wrong in 1 of 2 rounds would have been found by 95 of 100 probes\.$/,
      )
    })

    it('says nothing of the kind where no race went well', async () => {
      program.fail(MEASURED['Garage']?.store(program.bucket) ?? {})
      const { stdout } = await program.run('check', URI, '--probe')
      assert.match(stdout, /\nStore: index only\.\n/)
      assert.doesNotMatch(stdout, /Races/)
    })

    it('is refused without --probe, and for a number that makes no sense', async () => {
      assert.match(await program.fails('check', URI, '--rounds', '5'), /--rounds can only be used with --probe/)
      for (const rounds of ['0', '10001', '-1', 'x', '1.5'])
        assert.match(await program.fails('check', URI, '--probe', `--rounds=${rounds}`), /rounds/)
    })
  })

  describe('the rarest race that a probe finds', () => {
    const chance = (oneIn: number, rounds: number): number => 1 - (1 - 1 / oneIn) ** rounds
    it('is found by 95 of 100 probes, and a rarer one is not', () => {
      for (const rounds of [1, 2, 3, 10, 29, 30, 31, 59, 100, 300, 1000, 9999, 10_000]) {
        const oneIn = findsOneIn(rounds) ?? 0
        assert.ok(chance(oneIn, rounds) >= 0.95, `${String(rounds)} rounds`)
        assert.ok(chance(oneIn + 1, rounds) < 0.95, `${String(rounds)} rounds`)
      }
      assert.equal(findsOneIn(0), undefined)
    })
  })

  it('has no field of its result without a probe', async () => {
    const { stdout } = await program.run('check', URI, '-ojson')
    assert.equal((resultOf('check', stdout) as { readonly probe: unknown }).probe, null)
  })

  it('costs what its help says', async () => {
    program.useFullParts()
    await program.ok('init', URI)
    let [requests, puts, sent, read] = [0, 0, 0, 0]
    const { bucket } = program
    const counting =
      <A extends readonly unknown[], T>(run: (...args: A) => T) =>
      (...args: A): T => (requests++, run(...args))
    const uploads = bucket.uploads ?? assert.fail()
    program.fail({
      list: counting((...args) => bucket.list(...args)),
      get: counting(async (...args) => {
        const object = await bucket.get(...args)
        read += object?.body.length ?? 0
        return object
      }),
      head: counting((...args) => bucket.head(...args)),
      getUnless: counting((...args) => bucket.getUnless(...args)),
      getTail: counting((...args) => bucket.getTail(...args)),
      getRange: counting((...args) => bucket.getRange(...args)),
      put: counting((...args) => {
        puts++
        sent += args[1].length
        return bucket.put(...args)
      }),
      delete: counting((...args) => bucket.delete(...args)),
      uploads: {
        begin: counting((...args) => uploads.begin(...args)),
        copyPart: counting((...args) => uploads.copyPart(...args)),
        sendPart: counting((...args) => uploads.sendPart(...args)),
        complete: counting((...args) => uploads.complete(...args)),
        abort: counting((...args) => uploads.abort(...args)),
        list: (...args) => uploads.list(...args),
      },
    })
    const cost = async (rounds: number): Promise<number> => {
      const before = requests
      await program.ok('check', URI, '--probe', '--rounds', String(rounds))
      return requests - before
    }
    const one = await cost(1)
    const perRound = ((await cost(3)) - one) / 2
    ;[requests, puts, sent, read] = [0, 0, 0, 0]
    const all = await cost(30)
    const text = readFileSync(new URL('../../../docs/commands/check.md', import.meta.url), 'utf8')
    const said =
      /sends (\d+) requests of a few bytes for each of the 30 rounds, and about (\d+) others: about (\d+) in all, five of six of them PUTs\. They send (\d+) MiB and read (\d+) MiB/.exec(
        text,
      )
    assert.ok(said, 'the help says what a probe costs')
    const [, round, others, total, mebibytesSent, mebibytesRead] = said.map(Number)
    const isAbout = (measured: number, named: number | undefined): boolean =>
      Math.abs(measured / (named ?? 0) - 1) < 0.1
    assert.equal(perRound, round)
    assert.ok(isAbout(all - 30 * perRound, others), `${String(all - 30 * perRound)} others`)
    assert.ok(isAbout(all, total), `${String(all)} requests`)
    assert.ok(isAbout(puts / all, 5 / 6), `${String(puts)} PUTs`)
    assert.equal(Math.round(sent / 1024 / 1024), mebibytesSent)
    assert.equal(Math.round(read / 1024 / 1024), mebibytesRead)
  })
})
