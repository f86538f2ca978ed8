// Pieces that the patterns of many formats share.

/** Levels in capitals, as loggers of most languages write them; padded by spaces behind or before. */
export const LEVEL =
  '(?<level>TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|CRITICAL|CONFIG|FINE[RST]{0,2}|ALERT|EMERG(?:ENCY)?)'

/** The name of a logger with at least one dot: `com.shop.Cart`, `o.a.c.Catalina`, `shop.cart`. */
export const DOTTED = String.raw`(?<logger>[A-Za-z_][\w$-]{0,60}(?:\.[\w$<>-]{1,60}){1,12})`

/** What is left of the line. */
export const REST = '(?<message>.*)$'
