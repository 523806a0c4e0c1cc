#!/bin/bash
# A web server of others in front of the certsrv pages: Apache with TLS, which lets users in
# by NTLM, Negotiate or client certificate and hands what they ask to the sandbox. With
# Negotiate there is a KDC of its own realm, too. Ends with its parent.
#
# front.sh FOLDER MECHANISM(ntlmssp|krb5|certificate) PORT OTHER_PORT CA_FILE CA_KEY BACKEND_PORT
#
# OTHER_PORT is the KDC's, or with NTLM the one for libcurl (see front_ntlm.py).
#
# The user is "cmg" with the password in FOLDER/password; the sandbox's "user:password" in
# base64 is in FOLDER/basic. FOLDER/ready appears when all is set up.
set -eu
folder=$1 mechanism=$2 port=$3 other_port=$4 ca=$5 ca_key=$6 backend=$7
here=$(dirname "$(realpath "$0")")
password=$(cat "$folder/password")
cd "$folder"
chmod 711 . # its processes give up the rights of the superuser

cat > krb5.conf <<END
[libdefaults]
  default_realm = CMG.TEST
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  CMG.TEST = {
    kdc = 127.0.0.1:$other_port
  }
[domain_realm]
  localhost = CMG.TEST
END
cat > kdc.conf <<END
[kdcdefaults]
  kdc_listen = ""
  kdc_tcp_listen = 127.0.0.1:$other_port
[realms]
  CMG.TEST = {
    database_name = $folder/principal
    key_stash_file = $folder/stash
    acl_file = $folder/acl
  }
END
export KRB5_CONFIG=$folder/krb5.conf KRB5_KDC_PROFILE=$folder/kdc.conf
export KRB5_KTNAME=FILE:$folder/http.keytab KRB5CCNAME=FILE:$folder/tickets
if [ "$mechanism" = krb5 ]; then
    kdb5_util create -s -r CMG.TEST -P master > /dev/null
    kadmin.local -q "addprinc -pw $password cmg" > /dev/null
    kadmin.local -q "addprinc -randkey HTTP/localhost" > /dev/null
    kadmin.local -q "ktadd -k http.keytab HTTP/localhost" > /dev/null
    chmod 644 http.keytab
    setpriv --pdeathsig KILL krb5kdc -n -r CMG.TEST &
    tries=0
    until printf '%s\n' "$password" | kinit cmg > /dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || exit 1
        sleep 0.05
    done
fi

printf 'CMG:cmg:%s\n' "$password" > ntlm_users
chmod 644 ntlm_users
export NTLM_USER_FILE=$folder/ntlm_users

openssl req -new -newkey rsa:2048 -nodes -keyout front.key -subj /CN=localhost \
    -out front.csr 2> /dev/null
printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n' > front.ext
openssl x509 -req -in front.csr -CA "$ca" -CAkey "$ca_key" -days 2 -extfile front.ext \
    -out front.pem 2> /dev/null

if [ "$mechanism" = certificate ]; then
    openssl req -new -newkey rsa:2048 -nodes -keyout client.key -subj /CN=connector \
        -out client.csr 2> /dev/null
    echo 'extendedKeyUsage=clientAuth' > client.ext
    openssl x509 -req -in client.csr -CA "$ca" -CAkey "$ca_key" -days 2 \
        -extfile client.ext -out client.pem 2> /dev/null
    sign_in="SSLVerifyClient require
  SSLVerifyDepth 2"
else
    sign_in="AuthType GSSAPI
  AuthName certsrv
  GssapiSSLonly On
  GssapiAllowedMech $mechanism
  GssapiConnectionBound On
  Require valid-user"
fi

modules=/usr/lib/apache2/modules
cat > apache.conf <<END
ServerName localhost
ServerRoot $folder
PidFile $folder/apache.pid
Listen 127.0.0.1:$port
ErrorLog $folder/error.log
CustomLog $folder/access.log "%>s %m %U %u%{SSL_CLIENT_S_DN_CN}x"
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule auth_gssapi_module $modules/mod_auth_gssapi.so
LoadModule headers_module $modules/mod_headers.so
LoadModule ssl_module $modules/mod_ssl.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
User www-data
Group www-data
Mutex pthread
SSLEngine on
SSLCertificateFile $folder/front.pem
SSLCertificateKeyFile $folder/front.key
SSLCACertificateFile $ca
SSLProxyEngine on
SSLProxyVerify none
SSLProxyCheckPeerName off
StartServers 1
<Location />
  $sign_in
  RequestHeader set Authorization "Basic $(cat basic)"
</Location>
ProxyPass / https://127.0.0.1:$backend/
END
if [ "$mechanism" = ntlmssp ]; then
    setpriv --pdeathsig KILL python3 "$here/front_ntlm.py" "$other_port" "$port" front.pem \
        front.key "$ca" &
fi
touch ready
exec /usr/sbin/apache2 -f "$folder/apache.conf" -DFOREGROUND
