import assert from 'node:assert/strict'
import { keepVersions } from '../../support/s3-buckets.ts'
import { pause } from '../support/servers.ts'
import { type Scene, type Schedule, heldFrom, kill, pushLine } from '../support/schedules.ts'

const ARCHIVE = 'charts/app-1.0.0.tgz'

const batches: readonly Schedule[] = [
  {
    title: 'a push of several charts fails and leaves none of them when another client pushes one of them meanwhile',
    play: async (scene) => {
      const charts = await scene.charts(['one', 'two', 'three'])
      const rival = await scene.chart('two', '1.0.0', 'of another client')
      const hold = scene.hold(/^PUT charts\/two-1\.0\.0\.tgz$/)
      const push = scene.start(pushLine(scene, ...charts))
      await heldFrom(hold, push)
      await scene.push(rival)
      hold.release()
      const { status, stderr, stdout } = await push.result

      assert.deepEqual(await scene.versions(), [`two 1.0.0 ${rival.digest}`], stderr)
      assert.deepEqual(await scene.archives(), ['two-1.0.0.tgz'], stderr)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, /\btwo 1\.0\.0\b/)
      await scene.stand(rival)
      await scene.endsWell()
    },
  },
  {
    title: 'a push of several charts writes nothing when one of them exists',
    play: async (scene) => {
      const [one, two, three] = [await scene.chart('one'), await scene.chart('two'), await scene.chart('three')]
      await scene.push(await scene.chart('two', '1.0.0', 'of another client'))
      const [keys, index] = [await scene.at.keys(), await scene.indexText()]
      const { requests, result } = await scene.requestsOf(pushLine(scene, one, two, three))
      assert.deepEqual([result.status, result.stdout], [1, ''])
      assert.match(result.stderr, /\btwo 1\.0\.0\b/)
      assert.deepEqual(
        requests.filter((request) => !/^(?:GET|HEAD) /.test(request)),
        [],
      )
      assert.deepEqual([await scene.at.keys(), await scene.indexText()], [keys, index])
      await scene.endsWell()
    },
  },
]

const lateDelete: Schedule = {
  title: 'a DELETE that arrives 67 s late does not delete the archive of a push that came meanwhile',
  play: async (scene) => {
    const app = await scene.chart('app')
    await scene.push(app)
    const hold = scene.hold(new RegExp(`^DELETE ${ARCHIVE}$`))
    const deletion = scene.start(`delete app ${scene.url} --version 1.0.0`)
    await heldFrom(hold, deletion)
    const [settled, delayed] = [pause(62_000), pause(67_000)]
    // By then the push has nothing to wait for.
    await settled
    const push = scene.start(pushLine(scene, app))
    await delayed
    hold.release()
    await hold.passed
    await deletion.result
    const { status, stderr } = await push.result
    await scene.stand(app)
    assert.equal(status, 0, stderr)
    await scene.endsWell()
  },
}

/** A command that waits for a removal sends a HEAD of the archive again and again; one that does not wait, a few. */
const MOST_LOOKS = 5

const calm: Schedule = {
  title: 'commands that one user runs one after another do not wait for removals',
  play: async (scene) => {
    const { at, url } = scene
    // There is nothing to restore from on versitygw, which keeps no versions unless it is started otherwise.
    const isVersioned = scene.store.name === 'minio'
    if (isVersioned) await keepVersions(scene.store, at.bucket)
    const [app, other] = [await scene.chart('app'), await scene.chart('app', '1.0.0', 'other')]
    const deletion = `delete app ${url} --version 1.0.0`
    const lines = [pushLine(scene, app), deletion, pushLine(scene, app), `${pushLine(scene, other)} --force`, deletion]
    for (const line of lines) await runsAtOnce(scene, line)
    assert.deepEqual([await scene.versions(), await scene.archives()], [[], []])
    if (isVersioned) {
      await runsAtOnce(scene, `restore app ${url} --version 1.0.0`)
      await scene.stand(other)
    }
    await scene.endsWell()
  },
}

async function runsAtOnce(scene: Scene, line: string): Promise<void> {
  const { requests, result } = await scene.requestsOf(line)
  assert.deepEqual([line, result.status, result.stderr], [line, 0, ''])
  const looks = requests.filter((request) => request === `HEAD ${ARCHIVE}`).length
  assert.ok(looks <= MOST_LOOKS, `${line} has looked at the archive ${String(looks)} times: ${requests.join(', ')}`)
}

const killedDeletion: Schedule = {
  title: 'a push --force after a killed deletion says once that it waits, and for how long at most, and succeeds',
  play: async (scene) => {
    const [app, next] = [await scene.chart('app'), await scene.chart('app', '1.0.0', 'next')]
    await scene.push(app)
    const hold = scene.holdAnswer(/^PUT charts\/index\.d\//)
    const deletion = scene.start(`delete app ${scene.url} --version 1.0.0`)
    await heldFrom(hold, deletion)
    await kill(deletion)
    const { status, stderr } = await scene.at.program(`${pushLine(scene, next)} --force`)
    assert.equal(status, 0, stderr)
    await scene.stand(next)
    assert.match(stderr, /^[^\n]+\n$/, 'it says one line')
    for (const part of [/\bapp 1\.0\.0\b/, /\bwait/i, /\b(?:at most|up to)\b/, /\b\d+ ?(?:s|m|seconds?|minutes?)\b/]) {
      assert.match(stderr, part)
    }
    await scene.endsWell()
  },
}

export const mutations: readonly Schedule[] = [...batches, lateDelete, calm, killedDeletion]
