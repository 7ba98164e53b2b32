"""Commands to ask a real Redis, in order, for replies of every kind; understood by 7.0 and later.

The tests of the wire format read and write their replies, those of the redis-cli forms compare how they are
printed. Nothing here blocks, and the replies that differ from call to call (times, ids) still are valid.
"""

COMMANDS = r"""
PING
PING hello
ECHO ""
ECHO "a\r\nb\x00\xff\"\\"
ECHO é
SET page:home 1
SET page:home 2 NX
SET page:home 3 XX GET
GET page:home
GET nothing
GETDEL nothing
INCR page:home
INCRBY page:home -100
INCRBYFLOAT page:home 0.1
INCRBYFLOAT page:home 1e20
APPEND bytes "\x00\x01\x02\x7f\x80\xff"
GET bytes
GETRANGE bytes 1 2
STRLEN bytes
SETRANGE bytes 10 "end"
GET bytes
SETBIT bits 7 1
GETBIT bits 7
BITCOUNT bits
BITPOS bits 1
BITFIELD bits INCRBY u8 0 255 GET u4 0 OVERFLOW FAIL INCRBY u2 100 9
BITFIELD bits OVERFLOW FAIL INCRBY u2 100 3 INCRBY u2 100 3
MSET a 1 b 2 c 3
MGET a nothing c
MGET
MGET a b c a b c a b c a b c
SET expiring soon EX 100
PERSIST expiring
TTL expiring
TTL nothing
EXPIRE a 100 NX
EXPIRE nothing 100
OBJECT ENCODING a
OBJECT ENCODING nothing
OBJECT HELP
TYPE a
TYPE nothing
EXISTS a b nothing
DEL nothing
UNLINK c
RENAME nothing other
RENAME b bee
COPY bee bee2
RANDOMKEY
DBSIZE
KEYS page:*
KEYS nothing*
SCAN 0 COUNT 1000 MATCH page:*
TOUCH a bee
LPUSH list three two one
RPUSH list four "" "five six"
LRANGE list 0 -1
LRANGE nothing 0 -1
LLEN list
LINDEX list 0
LINDEX list 99
LPOS list four RANK 1
LPOS list nothing
LPOS list two COUNT 0
LINSERT list BEFORE two "one and a half"
LSET list 0 uno
LSET list 99 no
LREM list 0 ""
LTRIM list 0 3
LPOP list
LPOP list 2
LPOP nothing
LPOP nothing 2
LMOVE list list2 LEFT RIGHT
LMOVE nothing list2 LEFT RIGHT
LMPOP 2 nothing list2 LEFT COUNT 2
LMPOP 1 nothing LEFT
RPOPLPUSH nothing other
BLPOP nothing 0.001
BLMPOP 0.001 1 nothing LEFT
BLMOVE nothing other LEFT LEFT 0.001
GET list2
RPUSH ten 1 2 3 4 5 6 7 8 9 10 11
LRANGE ten 0 9
LRANGE ten 0 -1
HSET hash field value "odd field" "odd \"value\"" n 1
HSET hash field other
HGET hash field
HGET hash nothing
HGET nothing nothing
HGETALL hash
HGETALL nothing
HKEYS hash
HVALS hash
HVALS nothing
HMGET hash field nothing
HLEN hash
HSTRLEN hash field
HEXISTS hash nothing
HINCRBY hash n 41
HINCRBY hash field 1
HINCRBYFLOAT hash n 0.5
HSETNX hash field no
HDEL hash field nothing
HSCAN hash 0
HRANDFIELD nothing
HRANDFIELD nothing 2
HRANDFIELD hash 10 WITHVALUES
SADD set one two three
SADD set one
SADD other-set two four
SMEMBERS nothing
SISMEMBER set one
SISMEMBER nothing one
SMISMEMBER set one nothing
SCARD set
SINTER set other-set
SINTERCARD 2 set other-set
SDIFF other-set set
SINTERSTORE both set other-set
SMEMBERS both
SUNION both nothing
SMOVE set other-set nothing
SREM set one nothing
SPOP nothing
SPOP nothing 2
SRANDMEMBER nothing
SRANDMEMBER both
SRANDMEMBER both 5
SSCAN both 0
ZADD board 1 one 2.5 two 1e20 huge -inf lowest +inf highest 0.1 tenth
ZADD board NX 5 one
ZADD board CH 3 one
ZADD board INCR 1 one
ZADD board NX INCR 1 one
ZADD board GT INCR -1 one
ZRANGE board 0 -1
ZRANGE board 0 -1 WITHSCORES
ZRANGE board -inf 3 BYSCORE LIMIT 0 2
ZRANGE nothing 0 -1
ZRANGESTORE top board 0 1 REV
ZREVRANGE board 0 0 WITHSCORES
ZSCORE board tenth
ZSCORE board nothing
ZMSCORE board one nothing huge
ZRANK board one
ZRANK board nothing
ZREVRANK board one
ZCARD board
ZCOUNT board (0 +inf
ZINCRBY board 1.1 tenth
ZLEXCOUNT board - +
ZDIFF 2 board top WITHSCORES
ZINTER 2 board top WITHSCORES
ZUNION 1 nothing WITHSCORES
ZPOPMIN board
ZPOPMIN board 2
ZPOPMAX nothing
ZPOPMAX nothing 2
ZMPOP 1 board MAX
ZMPOP 1 board MAX COUNT 2
ZMPOP 1 nothing MAX
BZPOPMIN nothing 0.001
BZPOPMIN top 0.001
ZRANDMEMBER nothing
ZRANDMEMBER top 3 WITHSCORES
ZSCAN top 0
PFADD visitors a b c
PFADD visitors a
PFCOUNT visitors
GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEOPOS places Palermo nothing
GEODIST places Palermo Catania km
GEODIST places Palermo nothing
GEOHASH places Palermo nothing
GEOSEARCH places FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD WITHDIST WITHHASH
XADD stream 1-1 field value other "two words"
XADD stream 1-2 field value2
XADD stream 1-1 field late
XLEN stream
XRANGE stream - +
XRANGE stream - + COUNT 1
XREVRANGE stream + - COUNT 1
XRANGE nothing - +
XREAD COUNT 1 STREAMS stream 0
XREAD COUNT 1 STREAMS stream $
XREAD BLOCK 1 STREAMS stream $
XGROUP CREATE stream group 0
XGROUP CREATE stream group 0
XREADGROUP GROUP group alice COUNT 1 STREAMS stream >
XREADGROUP GROUP group alice STREAMS stream 0
XREADGROUP GROUP nogroup alice STREAMS stream >
XPENDING stream group
XPENDING stream group - + 10 nobody
XACK stream group 1-1
XPENDING stream group
XAUTOCLAIM stream group bob 0 0
XINFO STREAM stream
XINFO STREAM stream FULL
XINFO GROUPS stream
XINFO STREAM nothing
XTRIM stream MAXLEN 1
XDEL stream 1-2
XSETID stream 9-9
SORT ten BY nosort GET # LIMIT 0 2
SORT list
LCS a bee2
LCS a bee2 IDX
MULTI
SET a 1
INCR list
LPOP nothing 1
LPOP nothing
HGETALL hash
EXEC
MULTI
EXEC
MULTI
NOSUCHCOMMAND
EXEC
EXEC
DISCARD
MULTI
DISCARD
WATCH a
UNWATCH
WATCH a
SET a 2
MULTI
PING
EXEC
EVAL "return 1" 0
EVAL "return 3.99" 0
EVAL "return true" 0
EVAL "return false" 0
EVAL "return nil" 0
EVAL "return 'text'" 0
EVAL "return {}" 0
EVAL "return {1,2,{3,'four',{}},false}" 0
EVAL "return {1,nil,3}" 0
EVAL "return redis.status_reply('FINE')" 0
EVAL "return redis.error_reply('MINE went wrong')" 0
EVAL "return {err='short'}" 0
EVAL "return {redis.status_reply('IN'), redis.error_reply('ERR inside')}" 0
EVAL "return redis.call('GET', KEYS[1])" 1 list
EVAL "return redis.pcall('GET', KEYS[1])" 1 list
EVAL "return redis.call('HGETALL', KEYS[1])" 1 hash
EVAL "this is no Lua" 0
EVAL "error('thrown')" 0
EVAL "redis.setresp(3); return redis.call('HGETALL', KEYS[1])" 1 hash
EVAL "redis.setresp(3); return redis.call('SMEMBERS', KEYS[1])" 1 both
EVAL "redis.setresp(3); return {double=0.1}" 0
EVAL "redis.setresp(3); return {{double=3}, {double=1e300}, {double=-1/0}}" 0
EVAL "redis.setresp(3); return true" 0
EVAL "redis.setresp(3); return {true, false}" 0
EVAL "redis.setresp(3); return {map={a=1}}" 0
EVAL "redis.setresp(3); return {map={a={map={b={1,{2}}}}}}" 0
EVAL "redis.setresp(3); return {set={a=true}}" 0
EVAL "redis.setresp(3); return {map={}}" 0
EVAL "redis.setresp(3); return {set={}}" 0
EVAL "redis.setresp(3); return {big_number='1234567890123456789012345678901234567890'}" 0
EVAL "redis.setresp(3); return {verbatim_string={format='txt',string='two\nlines'}}" 0
EVAL "redis.setresp(3); return redis.call('DEBUG','PROTOCOL','null')" 0
EVAL "local t = {} for i = 1, 12 do t[i] = {i, {i}} end return t" 0
EVAL "local t = {} for i = 1, 120 do t[i] = {i} end return t" 0
EVALSHA 0000000000000000000000000000000000000000 0
SCRIPT LOAD "return 1"
SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db nothing
FUNCTION LIST
FCALL nothing 0
DEBUG PROTOCOL string
DEBUG PROTOCOL integer
DEBUG PROTOCOL double
DEBUG PROTOCOL null
DEBUG PROTOCOL array
DEBUG PROTOCOL set
DEBUG PROTOCOL map
DEBUG PROTOCOL verbatim
DEBUG PROTOCOL true
DEBUG PROTOCOL false
DEBUG PROTOCOL bignum
COMMAND COUNT
COMMAND INFO get nothing
COMMAND DOCS get
COMMAND GETKEYS MSET a 1 b 2
COMMAND GETKEYS GET
COMMAND LIST FILTERBY PATTERN xr*
CONFIG GET maxmemory
CONFIG GET nothing
CONFIG SET maxmemory 100mb
CONFIG SET nothing 1
CONFIG HELP
CLIENT GETNAME
CLIENT SETNAME me
CLIENT GETNAME
CLIENT SETNAME "not me"
CLIENT ID
CLIENT INFO
CLIENT LIST
CLIENT NO-EVICT on
CLIENT TRACKINGINFO
CLIENT KILL ID 999999
MEMORY USAGE a
MEMORY USAGE nothing
MEMORY STATS
MEMORY DOCTOR
LATENCY LATEST
LATENCY DOCTOR
LATENCY GRAPH nothing
LATENCY HISTOGRAM get
SLOWLOG GET 2
SLOWLOG LEN
ACL WHOAMI
ACL LIST
ACL CAT
ACL GETUSER default
ACL GETUSER nobody
ACL LOG
ACL DRYRUN default GET a
INFO
INFO keyspace
INFO nothing
LASTSAVE
TIME
ROLE
WAIT 0 1
PUBLISH nobody hello
PUBSUB CHANNELS
PUBSUB NUMSUB a b
PUBSUB NUMPAT
CLUSTER INFO
CLUSTER KEYSLOT a
MODULE LIST
LOLWUT
SWAPDB 0 0
SELECT 99
FLUSHALL
SET
GET a b
SET a b c
NOSUCHCOMMAND with arguments
HELLO 9
OBJECT NOSUCH a
INCR
SET counter text
INCR counter
SETEX counter 0 x
LPUSH counter x
EXPIRE counter notanumber
GETEX nothing
AUTH wrong
""
""".strip().splitlines()
