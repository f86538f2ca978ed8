// An embedded log store in a process of its own: `store-process.testing.ts <folder> <settings as JSON>`.
import { silentLogger } from '../../logger.ts'
import { serveStore } from '../store-process.testing.ts'
import { openLogStore } from './open-log-store.ts'

const [folder, settings] = process.argv.slice(2)
await serveStore(() => openLogStore({ folder: folder!, logger: silentLogger, ...JSON.parse(settings ?? '{}') }))
