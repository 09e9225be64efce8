#include "app/version.h"

#include "model/parameters.h"

#include <jansson.h>
#include <zlib.h>
#include <zstd.h>
#if CDR_KAFKA
#include <curl/curl.h>
#include <librdkafka/rdkafka.h>
#endif

void cdr_print_version(FILE *out)
{
    fprintf(out, "cdrgen %s, data model %d\n", CDR_VERSION, CDR_DATA_MODEL_VERSION);
#if CDR_KAFKA
    fprintf(out, "built with Kafka and schema registry: librdkafka %s, libcurl %s\n",
            rd_kafka_version_str(), curl_version_info(CURLVERSION_NOW)->version);
#else
    fprintf(out, "built without Kafka\n");
#endif
    fprintf(out, "jansson %s, zlib %s, zstd %s\n", JANSSON_VERSION, zlibVersion(),
            ZSTD_versionString());
}
