# For scripts that run engines on Java: sets jars, the folder of what was fetched, and read_with. The caller sets SOURCE_DIR.
# shellcheck shell=bash

jars=${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}/fault-readers

# fetch PROFILE: the jars of one profile of scripts/fault_readers/pom.xml, once.
fetch()
{
    local folder=$jars/$1 pom=$SOURCE_DIR/scripts/fault_readers/pom.xml
    [[ -e $folder/complete && ! $pom -nt $folder/complete ]] && return
    rm -rf "$folder"
    mvn --quiet --batch-mode --no-transfer-progress -f "$pom" -P"$1" -DincludeScope=runtime \
        -DoutputDirectory="$folder" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies
    touch "$folder/complete"
}

# Where Spark and Flink reach into Java 17.
opens=()
for package in lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic; do
    opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
for package in sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
    opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

# read_with PROFILE PROGRAM ARGUMENTS…: a source of Java with the jars of a profile
read_with()
{
    local profile=$1 program=$2
    shift 2
    fetch "$profile"
    java -Xmx1g "${opens[@]}" -cp "$jars/$profile/*" "$program" "$@"
}
