import { type Distance, type DistantStore, startRelay } from './relay.ts'
import { end, freePort, startServer } from './servers.ts'

/**
 * Makes the store at an endpoint look far away, by toxiproxy (https://github.com/Shopify/toxiproxy) where it is given.
 */
export function moveAway(endpoint: string, distance: Distance, toxiproxy: string | undefined): Promise<DistantStore> {
  return toxiproxy === undefined ? startRelay(endpoint, distance) : startToxiproxy(endpoint, distance, toxiproxy)
}

async function startToxiproxy(
  endpoint: string,
  { bandwidth, roundTrip }: Distance,
  program: string,
): Promise<DistantStore> {
  const [control, listen] = [await freePort(), await freePort()]
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${String(control)}/version`)).ok
  const child = await startServer(program, ['-host', '127.0.0.1', '-port', String(control)], { isReady })
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${String(control)}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`toxiproxy: ${await answer.text()}`)
  }
  try {
    await post('/proxies', {
      name: 'store',
      listen: `127.0.0.1:${String(listen)}`,
      upstream: new URL(endpoint).host,
      enabled: true,
    })
    for (const stream of ['upstream', 'downstream']) {
      await post('/proxies/store/toxics', {
        type: 'latency',
        stream,
        attributes: { latency: roundTrip / 2, jitter: 0 },
      })
      // Kilobytes per second.
      if (bandwidth !== undefined)
        await post('/proxies/store/toxics', { type: 'bandwidth', stream, attributes: { rate: bandwidth / 8000 } })
    }
  } catch (error) {
    await end(child)
    throw error
  }
  return { endpoint: `http://127.0.0.1:${String(listen)}`, close: () => end(child) }
}
