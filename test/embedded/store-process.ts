import { startEmbeddedStore } from '../../embedded/embedded-store.ts'
import { KEYS } from './running-store.ts'

// A store in a process of its own, so that a test can kill it. Takes FOLDER, and prints its endpoint on a line.
const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: store-process FOLDER')
const keys = { accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }
const { endpoint } = await startEmbeddedStore({ folder, ...keys })
process.stdout.write(`${endpoint}\n`)
