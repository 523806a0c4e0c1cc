#!/bin/sh
# A management point for the examples: nginx serving real files over HTTPS with its own
# certificate for HOST on a loopback port. Runs until its standard input ends, or SIGTERM. Usage: management_point.sh DIRECTORY HOST
#
# Writes DIRECTORY/port and DIRECTORY/ca.pem when it is ready.
set -eu
dir=$1
host=$2
nginx=$(command -v nginx || echo /usr/sbin/nginx)
mkdir -p "$dir/www/SMS_MP" "$dir/logs" "$dir/tmp"
dir=$(cd "$dir" && pwd)
rm -f "$dir/port"

# The certificate: a small authority, and the server's under it.
if [ ! -s "$dir/server.pem" ] || [ "$(cat "$dir/host" 2> /dev/null)" != "$host" ]; then
    cat > "$dir/openssl.cnf" <<CNF
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Contoso internal CA
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:$host
CNF
    umask 077
    openssl req -x509 -newkey rsa:2048 -nodes -days 365 -config "$dir/openssl.cnf" \
        -extensions ca -keyout "$dir/ca.key" -out "$dir/ca.pem.new" 2> "$dir/logs/openssl.log"
    openssl req -newkey rsa:2048 -nodes -config "$dir/openssl.cnf" \
        -subj /CN=$host -keyout "$dir/server.key" -out "$dir/server.csr" \
        2>> "$dir/logs/openssl.log"
    openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem.new" -CAkey "$dir/ca.key" \
        -CAcreateserial -days 365 -extfile "$dir/openssl.cnf" -extensions server \
        -out "$dir/server.pem.new" 2>> "$dir/logs/openssl.log"
    mv "$dir/ca.pem.new" "$dir/ca.pem"
    mv "$dir/server.pem.new" "$dir/server.pem"
    echo "$host" > "$dir/host"
fi

# What a management point answers to ".sms_aut?SITESIGNCERT": its site signing
# certificate, here the real one of this authority, as hexadecimal DER.
{
    printf '<SiteSigningCertificate>'
    openssl x509 -in "$dir/ca.pem" -outform DER | od -An -v -tx1 | tr -d ' \n'
    printf '</SiteSigningCertificate>\n'
} > "$dir/www/SMS_MP/.sms_aut"

module=$(ls /usr/lib/nginx/modules/ngx_http_echo_module.so \
    /usr/share/nginx/modules/ngx_http_echo_module.so 2> /dev/null | head -n 1)
free_port() {
    # A port nobody listens on, from the kernel's point of view.
    for try in 1 2 3 4 5 6 7 8 9 10; do
        candidate=$(( ($(od -An -N2 -tu2 /dev/urandom) % 20000) + 20000 ))
        hex=$(printf '%04X' "$candidate")
        grep -qi ":$hex 00000000:0000 0A" /proc/net/tcp || { echo "$candidate"; return; }
    done
    echo "management_point.sh: no free port found in ten tries" >&2
    exit 1
}

start() {
    port=$(free_port)
    cat > "$dir/nginx.conf" <<CNF
load_module $module;
daemon off;
master_process off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { worker_connections 256; }
http {
    access_log $dir/logs/access.log;
    client_body_temp_path $dir/tmp/body;
    proxy_temp_path $dir/tmp/proxy;
    fastcgi_temp_path $dir/tmp/fastcgi;
    uwsgi_temp_path $dir/tmp/uwsgi;
    scgi_temp_path $dir/tmp/scgi;
    default_type application/octet-stream;
    client_max_body_size 64m;
    server {
        listen 127.0.0.1:$port ssl;
        server_name $host;
        ssl_certificate $dir/server.pem;
        ssl_certificate_key $dir/server.key;
        root $dir/www;
        # Files: the site signing certificate, and what else is put there.
        location /SMS_MP/ { default_type text/plain; }
        # A message of a client: what came is what is answered.
        location /CCM_System/ { default_type application/octet-stream; echo_read_request_body; echo_request_body; }
        location /CCM_System_TokenAuth/ { default_type application/octet-stream; echo_read_request_body; echo_request_body; }
    }
}
CNF
    "$nginx" -p "$dir" -c "$dir/nginx.conf" < /dev/null > "$dir/logs/nginx.log" 2>&1 &
    child=$!
    # Up when it answers; gone when the port was taken after all.
    for try in $(seq 1 100); do
        kill -0 "$child" 2> /dev/null || return 1
        if curl -s -o /dev/null --max-time 2 --cacert "$dir/ca.pem" \
            --resolve "$host:$port:127.0.0.1" \
            "https://$host:$port/SMS_MP/.sms_aut"; then
            echo "$port" > "$dir/port.new"
            mv "$dir/port.new" "$dir/port"
            return 0
        fi
        sleep 0.05
    done
    kill "$child" 2> /dev/null
    return 1
}

start || start || {
    echo "management_point.sh: nginx did not start; see $dir/logs" >&2
    exit 1
}
trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 0' TERM INT
# The parent's end ends our standard input, and so nginx.
while read -r _; do :; done
kill "$child" 2> /dev/null || true
wait "$child" 2> /dev/null || true
