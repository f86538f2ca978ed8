// Starts the process, with its settings of memory and the compiled code of the start before.
import { useCompileCache } from './app/compile-cache.ts'
import { applyMemorySettings } from './app/memory-settings.ts'

applyMemorySettings()
useCompileCache()
await import('./app/process.ts')
