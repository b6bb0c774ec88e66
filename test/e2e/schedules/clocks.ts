import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import {
  ClockedProgram,
  type MadeChart,
  type Scene,
  type Schedule,
  deltaOfPut,
  idAhead,
  pushLine,
  untilAbove,
} from '../support/schedules.ts'
import { manyCharts } from './late-deltas.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Longer than an id lives, a removal settles, and a grace window lasts. */
const STANDSTILL = 75_000
const PATIENCE = { HELM_S3_TIMEOUT: '160s' }

/** Others push other bytes of the version, and delete it; both deltas are folded and collected. */
async function othersComeAndGo(scene: Scene, { name, version }: MadeChart): Promise<void> {
  const other = await scene.chart(name, version, 'of others')
  await scene.push(other)
  await scene.delete(other)
  await scene.collect()
}

const standstill: Schedule = {
  title:
    'a push that is suspended with its id while others push and delete its version exits with 0 only if it is in the index',
  play: async (scene) => {
    const app = await scene.chart('app')
    const program = new ClockedProgram(scene)
    program.before(/^put charts\/app-1\.0\.0\.tgz$/, (args) =>
      program.standStill(STANDSTILL, async () => {
        await untilAbove(deltaOfPut(args))
        await othersComeAndGo(scene, app)
      }),
    )
    const result = await program.run(pushLine(scene, app), PATIENCE)
    await scene.holdsToItsWord(result, app)
    await scene.endsWell()
  },
}

const steps: readonly Schedule[] = [
  {
    title:
      'a push whose clock is set back, after others pushed and deleted its version, exits with 0 only if it is in the index',
    play: async (scene) => {
      const app = await scene.chart('app')
      await othersComeAndGo(scene, app)
      await pushSteppingBack(scene, app)
      await scene.endsWell()
    },
  },
  {
    title: 'a push whose clock is set back, after a large push, exits with 0 only if it is in the index',
    play: async (scene) => {
      const many = await manyCharts(scene)
      await scene.push(...many)
      await scene.collect()
      await pushSteppingBack(scene, await scene.chart('app'))
      await scene.stand(...many)
      await scene.endsWell()
    },
  },
]

/** Pushes with a wall clock that is set back after the first answer. */
async function pushSteppingBack(scene: Scene, chart: MadeChart): Promise<void> {
  const program = new ClockedProgram(scene)
  program.after(/^(?:get|getUnless|head) charts\/index\.yaml$/, () => program.step(-10 * MINUTE))
  const result = await program.run(pushLine(scene, chart), { HELM_S3_TIMEOUT: '40s' })
  const reader = await scene.download({ HELM_S3_TIMEOUT: '30s' })
  assert.equal(reader.status, 0, reader.stderr)
  await scene.holdsToItsWord(result, chart)
}

const deletion: Schedule = {
  title: 'a deletion that is suspended before its DELETE does not delete the archive of a later push',
  play: async (scene) => {
    const app = await scene.chart('app')
    await scene.push(app)
    // The push may say that it waits for the deletion.
    const pushAgain = async (): Promise<void> => {
      const { status, stderr } = await scene.at.program(pushLine(scene, app))
      assert.equal(status, 0, stderr)
    }
    const program = new ClockedProgram(scene)
    program.before(/^delete charts\/app-1\.0\.0\.tgz$/, () => program.standStill(STANDSTILL, pushAgain))
    const { status, stderr } = await program.run(`delete app ${scene.url} --version 1.0.0`, PATIENCE)
    await scene.stand(app)
    assert.ok(status === 0 || stderr !== '')
    await scene.endsWell()
  },
}

/** Leaves in the repository what a delta leaves that was written while the store's clock was an hour ahead. */
type Lay = (scene: Scene, app: MadeChart) => Promise<void>

const LAYOUTS: Readonly<Record<string, { readonly only?: 'versitygw'; readonly lay: Lay }>> = {
  'a folded and collected delta': {
    lay: (scene, app) => scene.noteCollected(HOUR, [app]),
  },
  'a pending delta': {
    // MinIO keeps the time of an object where no test can reach it.
    only: 'versitygw',
    lay: async (scene, { name, version }) => {
      const before = await scene.deltas()
      const chart = await scene.chart(name, version, 'ahead')
      await scene.at.programOk(`${pushLine(scene, chart)} --force --no-compact`)
      const pushed = asKey(`charts/index.d/${(await scene.deltas()).find((id) => !before.includes(id)) ?? ''}.yaml`)
      const delta = await scene.at.store.get(pushed)
      assert.ok(delta)
      const ahead = `index.d/${idAhead(HOUR)}.yaml`
      await scene.at.store.put(asKey(`charts/${ahead}`), delta.body, { when: 'absent' })
      await scene.at.age(ahead, -HOUR)
      await scene.at.store.delete(pushed)
    },
  },
}

/** What is pushed next to a repository that has app 1.0.0, and with which flags. */
const NEXT: Readonly<Record<string, (scene: Scene) => Promise<readonly [MadeChart, string]>>> = {
  'another version': async (scene) => [await scene.chart('next'), ''],
  'the same version by force': async (scene) => [await scene.chart('app', '1.0.0', 'next'), ' --force'],
}

const ahead = Object.entries(LAYOUTS).flatMap(([layout, { lay, only }]) =>
  Object.entries(NEXT).map(([what, prepare]): Schedule => ({
    title: `a push of ${what} with an id below ${layout} an hour ahead is in the index, or fails and names the clock`,
    ...(only === undefined ? {} : { only }),
    play: async (scene) => {
      const app = await scene.chart('app')
      await scene.push(app)
      await lay(scene, app)
      const [next, flags] = await prepare(scene)
      await expectVisibleOrClock(scene, next, flags)
    },
  })),
)

const aheadAndGone: Schedule = {
  title:
    'a push of a version that a collected delta an hour ahead has touched is in the index, or fails and names the clock',
  play: async (scene) => {
    const app = await scene.chart('app')
    await LAYOUTS['a folded and collected delta']?.lay(scene, app)
    await expectVisibleOrClock(scene, app, '')
  },
}

async function expectVisibleOrClock(scene: Scene, chart: MadeChart, flags: string): Promise<void> {
  const result = await scene.at.program(pushLine(scene, chart) + flags)
  await scene.holdsToItsWord(result, chart)
  if (result.status !== 0) assert.match(result.stderr, /\bclock\b/)
  await scene.endsWell()
}

export const clocks: readonly Schedule[] = [standstill, ...steps, deletion, ...ahead, aheadAndGone]
