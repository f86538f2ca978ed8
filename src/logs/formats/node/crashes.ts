// What Node prints when a program ends on an error: the place and the code above the error itself.
import type { TextFormat } from '../format.ts'

export const NODE_CRASHES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'node-crash',
    title: 'Node: an uncaught error with its code',
    after: 'start',
    first: '\\w/.',
    has: ':',
    // Only examples hang on this: the message and the stack come from the lines below.
    pattern: /^(?<message>node:internal\/[\w/]{1,100}:\d{1,7})$/,
    examples: [
      {
        text: "/app/index.js:10\n    throw new Error('no stock')\n    ^\n\nError: no stock\n    at pay (/app/index.js:10:11)\n    at Object.<anonymous> (/app/index.js:20:1)\n\nNode.js v22.1.0",
        level: 'error',
        time: null,
        message: 'Error: no stock',
        stack: '/app/index.js:10\n    throw new Error(',
      },
      {
        text: "node:internal/modules/cjs/loader:1080\n  throw err;\n  ^\n\nError: Cannot find module 'x'\nRequire stack:\n- /app/index.js\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1077:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: [ '/app/index.js' ]\n}\n\nNode.js v22.1.0",
        level: 'error',
        time: null,
        message: "Error: Cannot find module 'x'",
        stack: 'node:internal/modules/cjs/loader:1080\n  throw err;',
      },
      {
        text: 'file:///app/index.mjs:3\nfoo bar\n    ^^^\n\nSyntaxError: Unexpected identifier\n    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)',
        level: 'error',
        time: null,
        message: 'SyntaxError: Unexpected identifier',
      },
      {
        text: 'api-1  | /app/index.js:10\napi-1  |     throw x\napi-1  |     ^\napi-1  | \napi-1  | TypeError: x is not a function\napi-1  |     at pay (/app/index.js:10:11)',
        level: 'error',
        time: null,
        source: 'api-1',
        message: 'TypeError: x is not a function',
      },
    ],
  },
]
