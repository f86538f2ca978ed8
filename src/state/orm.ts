// The query builder, through its CommonJS build. Node parses a package's package.json once for every ES module of it, and
// drizzle's is 179 KB for 150 modules: that cost 0.3 s and 200 MB at every start.
import { createRequire } from 'node:module'

// The migration maker reads the schema as CommonJS, where import.meta is empty.
const require = createRequire(import.meta.filename ?? __filename)

const core: typeof import('drizzle-orm') = require('drizzle-orm')
const sqlite: typeof import('drizzle-orm/sqlite-core') = require('drizzle-orm/sqlite-core')
const driver: typeof import('drizzle-orm/better-sqlite3') = require('drizzle-orm/better-sqlite3')
const migrator: typeof import('drizzle-orm/better-sqlite3/migrator') = require('drizzle-orm/better-sqlite3/migrator')

export const { and, asc, desc, eq, gt, gte, isNotNull, isNull, lt, lte, ne, sql } = core
export const { blob, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } = sqlite
export const { drizzle } = driver
export const { migrate } = migrator
