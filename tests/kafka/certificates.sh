# Certificates of an authority of the test's own, for brokers that speak TLS: source it behind lib.sh.

# authority NAME: $WORK/NAME.pem and NAME.key.
authority()
{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$WORK/$1.key" -out "$WORK/$1.pem" 2>/dev/null
}

# certificate NAME AUTHORITY DAYS [ALTERNATIVE…]: $WORK/NAME.pem, NAME.key (PKCS#8), and NAME.store, which has both and
# the authority. DAYS 0 makes one that has expired.
certificate()
{
    local name=$1 authority=$2 days=$3 names=
    shift 3
    names=$(IFS=, && echo "$*")
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$WORK/$name.key" -out "$WORK/$name.csr" 2>/dev/null
    openssl x509 -req -in "$WORK/$name.csr" -CA "$WORK/$authority.pem" -CAkey "$WORK/$authority.key" -CAcreateserial \
        -days "$days" -extfile <([[ -z $names ]] || echo "subjectAltName=$names") -out "$WORK/$name.pem" 2>/dev/null
    cat "$WORK/$name.key" "$WORK/$name.pem" "$WORK/$authority.pem" >"$WORK/$name.store"
}
