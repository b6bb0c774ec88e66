import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { IndexText } from '../../lib/core/index/index-text.ts'
import { type Fault, type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { useWorkplace } from './support/matrix.ts'
import { makeChart } from './support/made-charts.ts'
import type { Result, Running } from './support/run.ts'
import { pause } from './support/servers.ts'
import { CHARTS } from './support/workplace.ts'

const CHART = join(CHARTS, 'anchor-1.2.3.tgz')
const ANCHOR = { name: 'anchor', version: '1.2.3' }
const DELTA = 'delta [0-7][0-9A-HJKMNP-TV-Z]{25}'
const DENIED: Fault = {
  kind: 'answer',
  status: 403,
  body: '<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>',
}

const isList = (line: string): boolean => line.includes('list-type')
const isDelta = (line: string): boolean => /^PUT \S+\/index\.d\/[^/]+\.yaml/.test(line)
const isArchive = (line: string): boolean => /^PUT \S+\.tgz/.test(line)
const isConfig = (line: string): boolean => line.startsWith('GET') && line.includes('config.json')

for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`when ${storeName} does not answer or refuses,`, () => {
    const at = useWorkplace(storeName)
    let proxy: FaultyProxy
    beforeEach(async () => {
      proxy = await startFaultyProxy(`http://${String(at().env.AWS_ENDPOINT)}`)
      await at().programOk(`init ${at().url}`)
    })
    afterEach(() => proxy.close())

    const viaProxy = (): Record<string, string> => ({ AWS_ENDPOINT: proxy.endpoint.replace('http://', '') })
    const index = async (): Promise<IndexText> => at().mergedIndex()

    /** Calls `then` when the program says that it waits, and returns its result without that line. */
    async function onWaiting({ child, result }: Running, then: () => Promise<void>): Promise<Result> {
      const waiting = /^helm-s3: waiting for http:\/\/127\.0\.0\.1:\d+ to answer \(.+\), up to 20 seconds\n/
      let [said, happened] = ['', undefined as Promise<void> | undefined]
      child.stderr?.on('data', (text: string) => {
        said += text
        if (waiting.test(said)) happened ??= then()
      })
      const { stderr, ...rest } = await result
      await happened
      assert.match(stderr, waiting)
      return { ...rest, stderr: stderr.replace(waiting, '') }
    }

    it('commands wait for the store to restart, and say so once', async () => {
      await at().programOk(`push ${CHART} ${at().url} --no-compact`)
      await makeChart(at().path('app-1.0.0.tgz'), 'app', '1.0.0')
      for (const [line, stdout] of [
        [`list ${at().url}`, /^anchor +1\.2\.3 /m],
        [`push app-1.0.0.tgz ${at().url}`, /^Successfully uploaded/],
        [`delete anchor ${at().url} --version=1.2.3`, /^Successfully deleted/],
      ] as const) {
        await at().server.leave()
        const result = await onWaiting(at().startProgram(line), () => at().server.comeBack())
        assert.deepEqual([result.status, result.stderr], [0, ''], line)
        assert.match(result.stdout, stdout)
      }
      assert.ok((await index()).find({ name: 'app', version: '1.0.0' }))
      assert.equal((await index()).find(ANCHOR), undefined)
    })

    it('a push that loses the store after its archive sends its delta once, when the store is back', async () => {
      proxy.fail(isArchive, { kind: 'leave' })
      const { status, stderr, stdout } = await onWaiting(
        at().startProgram(`push ${CHART} ${at().url}`, viaProxy()),
        () => proxy.comeBack(),
      )
      assert.deepEqual([status, stderr, stdout], [0, '', 'Successfully uploaded the chart to the repository.\n'])
      assert.deepEqual([proxy.requests.filter(isArchive).length, proxy.requests.filter(isDelta).length], [1, 1])
      assert.ok((await index()).find(ANCHOR))
    })

    // Here only the proxy does not come back, and the wait is long: one store is enough.
    const onMinio = storeName === 'minio' ? it : undefined
    onMinio?.('a push and a deletion say what they have committed when the store does not come back', async () => {
      const other = await startFaultyProxy(`http://${String(at().env.AWS_ENDPOINT)}`)
      try {
        await makeChart(at().path('app-1.0.0.tgz'), 'app', '1.0.0')
        await at().programOk(`push app-1.0.0.tgz ${at().url}`)
        proxy.fail(isDelta, { kind: 'leave' })
        other.fail(isDelta, { kind: 'leave' })
        const [push, deletion] = await Promise.all([
          at().program(`push ${CHART} ${at().url}`, viaProxy()),
          at().program(`delete app ${at().url} --version=1.0.0 -ojson`, {
            AWS_ENDPOINT: other.endpoint.replace('http://', ''),
          }),
        ])
        assert.deepEqual([push.status, push.stdout], [3, ''])
        assert.match(
          push.stderr,
          new RegExp(`\nError: committed: anchor 1\\.2\\.3 \\(${DELTA}\\); not finished: list s3://.*ECONNREFUSED`),
        )
        assert.equal(deletion.status, 0)
        const { keptArchives, removed } = JSON.parse(deletion.stdout) as { keptArchives: string[]; removed: object[] }
        assert.deepEqual([removed, keptArchives], [[{ name: 'app', version: '1.0.0' }], ['charts/app-1.0.0.tgz']])
        assert.match(
          deletion.stderr,
          /\nhelm-s3: removed from the index, .*: charts\/app-1\.0\.0\.tgz \(.*ECONNREFUSED.*\); /,
        )
      } finally {
        await other.close()
      }
      assert.ok((await index()).find(ANCHOR))
      assert.equal((await index()).find({ name: 'app', version: '1.0.0' }), undefined)
      await at().programOk(`push ${CHART} ${at().url} --ignore-if-exists`)
    })

    it('a push whose LIST after the delta is denied exits with 3 and names the committed delta', async () => {
      let isCommitted = false
      proxy.fail((line) => (isCommitted ||= isDelta(line)) && isList(line), DENIED)
      const { status, stderr } = await at().program(`push ${CHART} ${at().url}`, viaProxy())
      assert.equal(status, 3)
      assert.match(
        stderr,
        new RegExp(`^Error: committed: anchor 1\\.2\\.3 \\(${DELTA}\\); not finished: .*AccessDenied.*\nHint: `),
      )
      assert.match(await at().programFails(`push ${CHART} ${at().url}`), /^The chart already exists/)
      await at().programOk(`push ${CHART} ${at().url} --force`)
    })

    it('a push that a signal ends names the committed delta', async () => {
      let isCommitted = false
      proxy.fail((line) => (isCommitted ||= isDelta(line)) && isList(line), { kind: 'hang' })
      const { child, result } = at().startProgram(`push ${CHART} ${at().url}`, viaProxy())
      while (proxy.requests.findIndex(isDelta) < 0 || !isList(proxy.requests.at(-1) ?? '')) await pause(10)
      child.kill('SIGTERM')
      const { status, stderr, stdout } = await result
      assert.deepEqual([status, stdout], [143, ''])
      assert.match(
        stderr,
        new RegExp(`^helm-s3: committed: anchor 1\\.2\\.3 \\(${DELTA}\\); ended before everything was done\n$`),
      )
    })

    it('temporary refusals hide no charts, no defaults of the repository and no permissions', async () => {
      await at().programOk(`config ${at().url} relative=true`)
      proxy.fail(isConfig, DENIED)
      await at().programOk(`push ${CHART} ${at().url} --no-compact`, viaProxy())
      assert.deepEqual((await index()).find(ANCHOR)?.urls, ['anchor-1.2.3.tgz'])

      proxy.fail(isList, DENIED, DENIED)
      const { status, stderr, stdout } = await at().program(`list ${at().url}`, viaProxy())
      assert.deepEqual([status, stderr], [0, ''])
      assert.match(stdout, /^anchor +1\.2\.3 /m)

      proxy.fail(isList, DENIED)
      const { permissions } = JSON.parse(await at().programOk(`check ${at().url} -ojson`, viaProxy())) as {
        permissions: { granted: boolean | null }[]
      }
      assert.ok(permissions.every(({ granted }) => granted !== false))
    })
  })
}
