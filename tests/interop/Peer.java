// SPDX-License-Identifier: Apache-2.0
// One end of a connection by Java's JSSE. usage: java Peer client|server PORT ROOTS CHAIN|- KEY|- VERSION none|optional|required
// A server prints the port it took, and for each connection that failed the exception.
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class Peer {
    static Collection<? extends Certificate> certificates(String file) throws Exception {
        try (InputStream in = new FileInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
    }

    static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[^-]*-----|\\s", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        for (String kind : new String[] {"EC", "RSA"}) {
            try {
                return KeyFactory.getInstance(kind).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                continue;
            }
        }
        throw new IOException("no key that JSSE knows in " + file);
    }

    static KeyManager[] keys(String chain, String key) throws Exception {
        if (chain.equals("-")) {
            return null;
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("own", key(key), new char[0], certificates(chain).toArray(new Certificate[0]));
        KeyManagerFactory f = KeyManagerFactory.getInstance("PKIX");
        f.init(store, new char[0]);
        return f.getKeyManagers();
    }

    static SSLContext context(String roots, String chain, String key) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int n = 0;
        for (Certificate c : certificates(roots)) {
            store.setCertificateEntry("root" + n++, c);
        }
        TrustManagerFactory f = TrustManagerFactory.getInstance("PKIX");
        f.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(chain, key), f.getTrustManagers(), null);
        return context;
    }

    static void client(SSLContext context, int port, String version) throws Exception {
        Socket raw = new Socket(InetAddress.getLoopbackAddress(), port);
        raw.setSoTimeout(20000);
        try (SSLSocket s = (SSLSocket) context.getSocketFactory().createSocket(raw, "localhost", port, true)) {
            SSLParameters p = s.getSSLParameters();
            p.setEndpointIdentificationAlgorithm("HTTPS");
            p.setProtocols(new String[] {version});
            s.setSSLParameters(p);
            s.getOutputStream().write("GET /hello HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            System.out.println(new String(s.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    static void server(SSLContext context, String version, String ask) throws Exception {
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        listener.setEnabledProtocols(new String[] {version});
        listener.setNeedClientAuth(ask.equals("required"));
        if (ask.equals("optional")) {
            listener.setWantClientAuth(true);
        }
        System.out.println("port " + listener.getLocalPort());
        byte[] reply = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".getBytes(StandardCharsets.US_ASCII);
        while (true) {
            try (Socket s = listener.accept()) {
                s.setSoTimeout(20000);
                s.getInputStream().read(new byte[4096]);
                s.getOutputStream().write(reply);
            } catch (IOException e) {
                System.out.println("error " + e);
            }
        }
    }

    public static void main(String[] a) throws Exception {
        SSLContext context = context(a[2], a[3], a[4]);
        try {
            if (a[0].equals("client")) {
                client(context, Integer.parseInt(a[1]), a[5]);
            } else {
                server(context, a[5], a[6]);
            }
        } catch (IOException e) {
            System.out.println("error " + e);
        }
    }
}
