# What libFuzzer is told about each target; read by .ci/fuzz and build.sh.

# dictionary TARGET: the name of its dictionary, if it has one.
dictionary() {
    case $1 in
    modbus_* | rtu_*) echo modbus ;;
    dnp3_*) echo dnp3 ;;
    decode) echo packets ;;
    capture_file) echo capture ;;
    esac
}

# max_len TARGET: the longest input, in octets: several of the longest messages.
max_len() {
    case $1 in
    modbus_request | modbus_response | modbus_rtu) echo 512 ;;
    modbus_mbap | dnp3_link) echo 2400 ;;
    *) echo 4096 ;;
    esac
}

# malloc_limit_mb TARGET: the most that may be asked for at once. What a property counts is far less; this one stops an
# allocation by a length that somebody claims.
malloc_limit_mb() {
    case $1 in
    capture_file) echo 192 ;; # the window of zstd, up to 128 MiB by the format's own rule
    *) echo 16 ;;
    esac
}
