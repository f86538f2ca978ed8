// Starts the process, with the compiled code of the start before.
import { useCompileCache } from './app/compile-cache.ts'

useCompileCache()
await import('./app/process.ts')
