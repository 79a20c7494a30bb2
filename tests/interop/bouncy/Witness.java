/* Opens encrypted keys and PKCS#12 files by Bouncy Castle, apart from everything that wrote them. Standard input: lines of
 * "pair TAB password TAB certificate TAB key" or "p12 TAB password TAB file". For each a line: "ok TAB form TAB R" when the key is
 * the certificate's, else "bad TAB why". */

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.ContentInfo;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.engines.ARIAEngine;
import org.bouncycastle.crypto.engines.SEEDEngine;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.paddings.PKCS7Padding;
import org.bouncycastle.crypto.paddings.PaddedBufferedBlockCipher;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.InputDecryptorProvider;
import org.bouncycastle.pkcs.PKCS12PfxPdu;
import org.bouncycastle.pkcs.PKCS12SafeBag;
import org.bouncycastle.pkcs.PKCS12SafeBagFactory;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.jcajce.JcePKCS12MacCalculatorBuilderProvider;
import org.bouncycastle.pkcs.jcajce.JcePKCSPBEInputDecryptorProviderBuilder;

public class Witness {
    static final String NEW_FORM = "1.2.410.200004.1.15";
    static final String OLD_FORM = "1.2.410.200004.1.4";
    static final String GPKI_FORM = "1.2.410.200004.1.4.2";
    static final String RANDOM = "1.2.410.200004.10.1.1.3";
    static final String ARIA = "1.2.410.200046.1.1.";

    record Opened(String form, PrivateKeyInfo key) {}

    static byte[] decrypt(BlockCipher engine, byte[] key, byte[] iv, byte[] sealed) throws Exception {
        var cipher = new PaddedBufferedBlockCipher(new CBCBlockCipher(engine), new PKCS7Padding());
        cipher.init(false, new ParametersWithIV(new KeyParameter(key), iv));
        byte[] out = new byte[cipher.getOutputSize(sealed.length)];
        int made = cipher.processBytes(sealed, 0, sealed.length, out, 0);
        made += cipher.doFinal(out, made);
        return Arrays.copyOf(out, made);
    }

    static byte[] openKorean(EncryptedPrivateKeyInfo sealed, String form, byte[] password) throws Exception {
        var parameters = ASN1Sequence.getInstance(sealed.getEncryptionAlgorithm().getParameters());
        byte[] salt = ASN1OctetString.getInstance(parameters.getObjectAt(0)).getOctets();
        int rounds = ASN1Integer.getInstance(parameters.getObjectAt(1)).intValueExact();
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        sha1.update(password);
        byte[] derived = sha1.digest(salt);
        for (int i = 1; i < rounds; i++) {
            derived = sha1.digest(derived);
        }
        byte[] iv = form.equals(NEW_FORM)
            ? Arrays.copyOf(sha1.digest(Arrays.copyOfRange(derived, 16, 20)), 16)
            : "0123456789012345".getBytes(StandardCharsets.US_ASCII);
        return decrypt(new SEEDEngine(), Arrays.copyOf(derived, 16), iv, sealed.getEncryptedData());
    }

    /* Bouncy Castle has the cipher, but does not know its OIDs in PBES2. */
    static byte[] openAria(EncryptedPrivateKeyInfo sealed, PBES2Parameters scheme, byte[] password) throws Exception {
        var derivation = PBKDF2Params.getInstance(scheme.getKeyDerivationFunc().getParameters());
        String oid = scheme.getEncryptionScheme().getAlgorithm().getId();
        int bits = oid.equals(ARIA + "2") ? 128 : oid.equals(ARIA + "7") ? 192 : 256;
        boolean isSha1 = derivation.getPrf().getAlgorithm().equals(PKCSObjectIdentifiers.id_hmacWithSHA1);
        Digest digest = isSha1 ? new SHA1Digest() : new SHA256Digest();
        var generator = new PKCS5S2ParametersGenerator(digest);
        generator.init(password, derivation.getSalt(), derivation.getIterationCount().intValueExact());
        CipherParameters key = generator.generateDerivedParameters(bits);
        byte[] iv = ASN1OctetString.getInstance(scheme.getEncryptionScheme().getParameters()).getOctets();
        return decrypt(new ARIAEngine(), ((KeyParameter) key).getKey(), iv, sealed.getEncryptedData());
    }

    static InputDecryptorProvider provider(String password) {
        return new JcePKCSPBEInputDecryptorProviderBuilder().setProvider(new BouncyCastleProvider())
            .build(password.toCharArray());
    }

    static Opened open(EncryptedPrivateKeyInfo sealed, String password) throws Exception {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        String form = sealed.getEncryptionAlgorithm().getAlgorithm().getId();
        if (form.equals(NEW_FORM) || form.equals(OLD_FORM) || form.equals(GPKI_FORM)) {
            return new Opened(form, PrivateKeyInfo.getInstance(openKorean(sealed, form, bytes)));
        }
        if (form.equals(PKCSObjectIdentifiers.id_PBES2.getId())) {
            var scheme = PBES2Parameters.getInstance(sealed.getEncryptionAlgorithm().getParameters());
            String cipher = scheme.getEncryptionScheme().getAlgorithm().getId();
            var derivation = PBKDF2Params.getInstance(scheme.getKeyDerivationFunc().getParameters());
            form += "/" + cipher + "/" + derivation.getIterationCount();
            if (cipher.startsWith(ARIA)) {
                return new Opened(form, PrivateKeyInfo.getInstance(openAria(sealed, scheme, bytes)));
            }
        }
        return new Opened(form, new PKCS8EncryptedPrivateKeyInfo(sealed).decryptPrivateKeyInfo(provider(password)));
    }

    static String random(PrivateKeyInfo key) {
        if (key.getAttributes() == null) {
            return "-";
        }
        for (var item : key.getAttributes()) {
            Attribute attribute = Attribute.getInstance(item);
            if (attribute.getAttrType().getId().equals(RANDOM)) {
                byte[] bytes = ASN1BitString.getInstance(attribute.getAttrValues().getObjectAt(0)).getOctets();
                StringBuilder hex = new StringBuilder();
                for (byte one : bytes) {
                    hex.append(String.format("%02x", one));
                }
                return hex.toString();
            }
        }
        return "-";
    }

    static String judge(Opened opened, X509CertificateHolder cert) throws Exception {
        RSAPrivateKey key = RSAPrivateKey.getInstance(opened.key().parsePrivateKey());
        RSAPublicKey own = RSAPublicKey.getInstance(cert.getSubjectPublicKeyInfo().parsePublicKey());
        BigInteger test = BigInteger.valueOf(0x1234567);
        BigInteger there = test.modPow(key.getPrivateExponent(), key.getModulus());
        boolean isPair = key.getModulus().equals(own.getModulus())
            && there.modPow(own.getPublicExponent(), own.getModulus()).equals(test);
        return isPair ? "ok\t" + opened.form() + "\t" + random(opened.key()) : "bad\tanother certificate's key";
    }

    static String pair(String password, String certPath, String keyPath) throws Exception {
        var cert = new X509CertificateHolder(Files.readAllBytes(Path.of(certPath)));
        var sealed = EncryptedPrivateKeyInfo.getInstance(Files.readAllBytes(Path.of(keyPath)));
        return judge(open(sealed, password), cert);
    }

    static PKCS12SafeBag[] bags(ContentInfo info, String password) throws Exception {
        boolean isSealed = info.getContentType().equals(PKCSObjectIdentifiers.encryptedData);
        return (isSealed ? new PKCS12SafeBagFactory(info, provider(password)) : new PKCS12SafeBagFactory(info))
            .getSafeBags();
    }

    static String pkcs12(String password, String path) throws Exception {
        var file = new PKCS12PfxPdu(Files.readAllBytes(Path.of(path)));
        var macs = new JcePKCS12MacCalculatorBuilderProvider().setProvider(new BouncyCastleProvider());
        if (!file.isMacValid(macs, password.toCharArray())) {
            return "bad\tMAC";
        }
        Opened opened = null;
        X509CertificateHolder cert = null;
        for (ContentInfo info : file.getContentInfos()) {
            for (PKCS12SafeBag bag : bags(info, password)) {
                Object value = bag.getBagValue();
                if (value instanceof PKCS8EncryptedPrivateKeyInfo sealed) {
                    opened = open(sealed.toASN1Structure(), password);
                } else if (value instanceof X509CertificateHolder held && cert == null) {
                    cert = held;
                }
            }
        }
        return judge(opened, cert);
    }

    static String answer(String[] words) {
        try {
            return words[0].equals("p12") ? pkcs12(words[1], words[2]) : pair(words[1], words[2], words[3]);
        } catch (Exception problem) {
            return "bad\t" + problem;
        }
    }

    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(answer(line.split("\t")));
        }
    }
}
