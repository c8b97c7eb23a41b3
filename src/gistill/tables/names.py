"""What columns are called, in the languages reviews and tickets come in. Names only; `columns` decides.

The most telling names come first. Names are squeezed: folded, without spaces, marks and accents. A name may stand
under two roles ("bewertung" is a rating or a review): the cells decide. For authors, ids come before names, because
they tell people apart better; for entities, names come before ids, because they read better in a report.
"""

NAMES = {
    "messages": ("messages conversations conversation dialog dialogue turns chat"),
    "text": (
        "text reviewtext reviewbody reviewcontent review reviews comment comments feedback body content message "
        "verbatim response answer opinion description fulltext commenttext feedbacktext customerfeedback "
        "customercomment transcript post tweet rezension rezensionstext bewertungstext bewertung kommentar "
        "kommentare kundenmeinung meinung nachricht antwort freitext avis commentaire commentaires texte remarque "
        "contenu resena resenas comentario comentarios texto mensaje contenido recensione recensioni commento "
        "commenti testo avaliacao mensagem conteudo recensie opmerking opmerkingen beoordeling tekst 评论 评价 "
        "评论内容 评价内容 内容 正文 评论正文 留言 反馈 文本 評論 評價 內容 留言內容 レビュー 本文 コメント 感想 "
        "口コミ 리뷰 댓글 내용 후기 отзыв отзывы комментарии текст recenzja komentarz tresc yorum yorumlar التعليق "
        "narrative narratives complaint complaints remark remarks suggestion suggestions testimonial testimonials "
        "sentence statement statements caption details message_text notes note verbatims openended textoriginal "
        "originaltext textdisplay"
    ),
    "id": (
        "id reviewid recordid rowid commentid responseid feedbackid ticketid messageid conversationid dialogid "
        "documentid docid uuid key uniqueid uniqid index nummer bewertungsid rezensionsid identifiant numero "
        "identificador codigo 编号 序号 评论编号 番号 번호 номер"
    ),
    "author": (
        "userid reviewerid customerid consumerid authorid memberid accountid profileid personid requesterid "
        "submitterid steamid contactid contacthandle patientid guestid clientid respondentid panelistid employeeid "
        "author reviewer reviewername "
        "authorname authordisplayname user username customer customername member respondent nickname displayname "
        "requester requestername guest guestname gast gastname huesped ospite contactname personname buyername "
        "shoppername membername clientname kullanıcı musteri "
        "profilename handle patient consumer screenname reviewedby autor autorin verfasser verfasserin kunde "
        "kundenname kundennummer kundenid benutzer benutzername nutzer auteur client utilisateur pseudo usuario "
        "cliente autore utente klant gebruiker 用户 用户名 用户昵称 昵称 作者 评论者 会员 用戶 用戶名 投稿者 "
        "ユーザー 作者名 ユーザー名 작성자 사용자 닉네임 автор пользователь имя uzytkownik yazar kullanici "
        "associatedcontact customeremail useremail requesteremail "
        "contactemail guestemail associatedcontactemails sendername sender absender email emailaddress mailadresse "
        "name fullname nom nombre"
    ),
    "entity": (
        "entity company companyname employer employername firm firmname organization organisation organizationname "
        "trust airline airlinename bank bankname insurer insurername assureur unternehmen arbeitgeber entreprise "
        "empresa azienda entite etablissement product productname producttitle hotel hotelname restaurant "
        "restaurantname business businessname item itemname itemtitle brand app appname packagename package "
        "service servicename location locationname store storename shop shopname webshop webshopname merchant "
        "merchantname place placename hospital hospitalname clinic drug drugname urldrugname medicine game "
        "gamename course coursename branch property propertyname productid asin parentasin businessid hotelid "
        "itemid appid sku courseid locationid storeid entityid produkt produktname artikel artikelname marke "
        "filiale standort geschaft produit nomduproduit article marque magasin producto nombredelproducto articulo "
        "tienda prodotto negozio produto loja winkel 商品 商品名 商品名称 产品 产品名称 店铺 店名 酒店 餐厅 品牌 "
        "產品 店舗 製品 상품 상품명 제품 товар продукт produktnazwa urun"
    ),
    "rating": (
        "rating ratings stars star starrating reviewrating reviewscore score overall overallrating grade nps "
        "npsscore csat csatscore ces rate ratingvalue ratingscore likelihoodtorecommend satisfaction "
        "overallsatisfaction overallscore bewertung sterne note punkte punktzahl gesamtbewertung etoiles "
        "nombredetoiles evaluation calificacion puntuacion estrellas nota valoracion voto stelle punteggio "
        "valutazione avaliacao estrelas classificacao beoordeling sterren cijfer 评分 星级 打分 分数 星 評分 星級 "
        "評価 星数 点数 평점 별점 점수 оценка реитинг ocena puan"
    ),
    "date": (
        "date reviewdate datetime timestamp time createdat created createdate creationdate submittedat "
        "submissiondate reviewtime publishedat publicationdate postedat postedon dateposted publisheddate "
        "dateadded at unixreviewtime updatedat responsedate startdate enddate datum erstelltam bewertungsdatum "
        "zeitstempel zeitpunkt dateavis datedepublication fecha fechacreacion fechapublicacion data "
        "datapubblicazione 日期 时间 评论时间 评价时间 评论日期 发布时间 時間 評論時間 日付 投稿日 日時 날짜 "
        "작성일 дата tarih when posted published submitted wann quand cuando quando wanneer ts"
    ),
    "language": (
        "language lang locale languagecode langcode reviewlanguage sprache langue idioma lengua lingua taal 语言 "
        "語言 言語 언어 язык jezyk dil"
    ),
}

# Words in the names of columns that say whose words they hold: see `asked`. Folded, without accents.
HINTS = {
    # who replies
    "company": (
        "company owner owners developer dev business seller hotel management manager merchant host agent vendor "
        "brand property support admin official staff store shop provider supplier team inhaber inhabers eigentumers "
        "unternehmens eigentumer "
        "unternehmen entwickler anbieter handler betreiber haendler proprietaire entreprise etablissement "
        "developpeur propietario empresa desarrollador proprietario azienda struttura gestore bedrijf eigenaar"
    ),
    # what only a reply is called
    "replies": ("reply replies replied replycontent replytext repliedat"),
    # a customer's answer, or a reply
    "answers": ("response responses answer answers antwort reponse respuesta risposta resposta reactie"),
    # who writes notes
    "internal": ("internal intern interne interno private staff agent admin moderator csr handler"),
    # with the former
    "notes": ("note notes comment comments remark remarks notiz notizen vermerk summary message text"),
    # what is sold
    "things": (
        "product item hotel app business store listing property course book movie film company restaurant employer "
        "shop brand article artikel produkt produit producto prodotto service package game venue place room job "
        "campaign"
    ),
    # with the former
    "about": (
        "description descriptions desc beschreibung title titles titel titre titulo titolo name summary about info "
        "specs specification features bezeichnung blurb overview slogan tagline headline"
    ),
    # of the row, not words
    "attributes": (
        "address adresse direccion indirizzo url urls link links href image images photo photos avatar picture "
        "path file filename city country state region nationality occupation position department category "
        "categories subcategory tag tags topic topics label labels sentiment emotion keywords keyword timezone ip "
        "useragent browser device os version source channel status type kind gender age segment plan tier language "
        "prompt query subreddit industry collector issue subissue reason location ort stadt ville ciudad citta "
        "land pays pais rank ranking thread"
    ),
    # the line over a text
    "titles": (
        "title headline subject summary heading betreff titel uberschrift titre objet titulo asunto titolo oggetto "
        "assunto onderwerp tytul temat konu baslik заголовок тема 标题 主题 標題 タイトル 件名 제목"
    ),
    # of a column in another language
    "language_marks": (
        "en eng english de ger deu german fr fra fre french es spa spanish it ita italian pt por portuguese nl "
        "dutch pl ru tr zh ja ko ar sv da no fi translated translation translate mt googletranslate traduction "
        "traduccion ubersetzung ubersetzt uebersetzung traduzione traducao"
    ),
    # of the column that was translated
    "original": ("original orig source native raw"),
    # of a column that was worked over
    "copies": (
        "cor corr corrected clean cleaned cleaner normalized normalised norm processed preprocessed lower "
        "lowercase stripped lemmatized lemmatised tokenized tokenised tokens html display markdown rendered raw "
        "plain fixed spellchecked"
    ),
    # of numbers that are no ratings
    "counts": (
        "count counts counter votes vote helpful thumbs thumbsup thumbsdown likes upvotes downvotes total number "
        "num rank ranking sentiment label confidence id version price age year length word words days quantity "
        "amount polarity"
    ),
    # of dates after the review's own
    "later": ("updated update modified edited last changed responded resolved closed solved end sent exported synced"),
    # of dates that are not the review's
    "other dates": ("reply replied response birth birthday dob expiry expires expiration joined registered signup due"),
    # of dates that stand in several columns
    "year": "year yr yyyy jahr annee ano anno jaar rok 年 год",
    "month": "month mon mm monat mois mes mese maand miesiac 月 месяц",
    "day": "day dd dayofmonth tag jour dia giorno dag dzien 日 день",
    # of the rating of the whole
    "overall": ("overall gesamt total general globale"),
    # in questions for a rating
    "rate": (
        "rate rating scale likely likelihood recommend recommendation satisfied satisfaction score stars nps csat "
        "bewerten zufrieden empfehlen wahrscheinlich weiterempfehlen noter note satisfait recommander "
        "recommanderiez satisfecho recomendar recomendaria calificar calificaria soddisfatto consiglieresti "
        "satisfeito recomendaria tevreden aanbevelen"
    ),
    # what is rated beside the whole
    "rated": (
        "cleanliness location staff comfort facilities value service food atmosphere ambience communication checkin "
        "accuracy quality delivery rooms room wifi sleep breakfast hygiene punctuality support usability design "
        "sauberkeit lage personal komfort ausstattung preisleistung essen service proprete emplacement confort "
        "limpieza ubicacion instalaciones pulizia posizione"
    ),
    # of people who work for the company
    "staff": (
        "agent assignee staff moderator admin operator representative csr owner manager handler assigned employee"
    ),
}
