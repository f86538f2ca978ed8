// A column that is true or false, false at first.
import { integer } from '../orm.ts'

export const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)
