// Loaded by `node --import` before anything else: keeps what V8 made of the code, so that every start after the first is twice as fast.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Beside the code it was made of, where nobody else can write who could not change the code as well; where Vakt itself
// cannot write, nothing is kept.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/vakt'))
